/* A page that was opened from disk can't read its neighbors: search lists titles only. */
"use strict";

if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
