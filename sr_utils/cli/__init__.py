"""The command `sr-upscale`: its arguments, and the photographs it enlarges."""
