# %% conditional_discriminator | right | nested Sequential models
def conditional_discriminator(filters):
    def conv(depth, stride):
        return layers.Conv2D(depth, 3, stride, "same")

    def leaky():
        return layers.LeakyReLU(negative_slope=0.2)

    eyes = keras.Sequential(
        [
            keras.Input((None, None, 3)),
            conv(filters, 2),
            leaky(),
            conv(2 * filters, 2),
            layers.BatchNormalization(),
            leaky(),
        ]
    )
    head = keras.Sequential(
        [
            conv(2 * filters, 1),
            leaky(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(1),
        ]
    )
    small, large = keras.Input((None, None, 3)), keras.Input((None, None, 3))
    joined = layers.Concatenate()([eyes(large), small])
    return keras.Model(inputs=[small, large], outputs=head(joined))


# %% conditional_discriminator | right | a model class
class Discriminator(keras.Model):
    def __init__(self, filters):
        super().__init__()
        self.first = layers.Conv2D(filters, 3, strides=2, padding="same")
        self.second = layers.Conv2D(2 * filters, 3, strides=2, padding="same")
        self.normalization = layers.BatchNormalization()
        self.third = layers.Conv2D(2 * filters, 3, padding="same")
        self.last = layers.Dense(1)

    def call(self, images, training=False):
        small, large = images
        x = keras.ops.leaky_relu(self.first(large), 0.2)
        x = self.normalization(self.second(x), training=training)
        x = keras.ops.leaky_relu(x, 0.2)
        x = self.third(keras.ops.concatenate([x, small], axis=-1))
        x = keras.ops.leaky_relu(x, 0.2)
        return self.last(keras.ops.mean(x, axis=(1, 2)))


def conditional_discriminator(filters):
    return Discriminator(filters)


# %% conditional_discriminator | right | a loop over layers, and keras.ops
def conditional_discriminator(filters):
    low = keras.Input((None, None, 3), name="low")
    high = keras.Input((None, None, 3), name="high")
    x = high
    for depth, normal in ((filters, False), (filters * 2, True)):
        x = layers.Conv2D(depth, (3, 3), (2, 2), padding="same")(x)
        x = layers.BatchNormalization()(x) if normal else x
        x = layers.Activation(lambda v: tf.nn.leaky_relu(v, 0.2))(x)
    x = ops.concatenate([x, low], axis=3)
    x = layers.Conv2D(filters * 2, (3, 3), padding="same")(x)
    x = ops.maximum(x, 0.2 * x)
    x = ops.mean(x, axis=[1, 2])
    return keras.Model([low, high], layers.Dense(1, activation="linear")(x))


# %% conditional_discriminator | wrong | The model returns a probability
def conditional_discriminator(filters):
    low, high = keras.Input((None, None, 3)), keras.Input((None, None, 3))
    x = layers.Conv2D(filters, 3, strides=2, padding="same")(high)
    x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(2 * filters, 3, strides=2, padding="same")(x)
    x = layers.LeakyReLU(0.2)(layers.BatchNormalization()(x))
    x = layers.Concatenate()([x, low])
    x = layers.LeakyReLU(0.2)(layers.Conv2D(2 * filters, 3, padding="same")(x))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model([low, high], layers.Dense(1, activation="sigmoid")(x))


# %% conditional_discriminator | wrong | Keras' own default is 0.3
def conditional_discriminator(filters):
    low, high = keras.Input((None, None, 3)), keras.Input((None, None, 3))
    x = layers.Conv2D(filters, 3, strides=2, padding="same")(high)
    x = layers.LeakyReLU()(x)
    x = layers.Conv2D(2 * filters, 3, strides=2, padding="same")(x)
    x = layers.LeakyReLU()(layers.BatchNormalization()(x))
    x = layers.Concatenate()([x, low])
    x = layers.LeakyReLU()(layers.Conv2D(2 * filters, 3, padding="same")(x))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model([low, high], layers.Dense(1)(x))


# %% conditional_discriminator | wrong | The sizes of the images are fixed
def conditional_discriminator(filters):
    low, high = keras.Input((6, 5, 3)), keras.Input((24, 20, 3))
    x = layers.Conv2D(filters, 3, strides=2, padding="same")(high)
    x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(2 * filters, 3, strides=2, padding="same")(x)
    x = layers.LeakyReLU(0.2)(layers.BatchNormalization()(x))
    x = layers.Concatenate()([x, low])
    x = layers.LeakyReLU(0.2)(layers.Conv2D(2 * filters, 3, padding="same")(x))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model([low, high], layers.Dense(1)(x))


# %% conditional_discriminator | wrong | as many as a batch normalization has
def conditional_discriminator(filters):
    low, high = keras.Input((None, None, 3)), keras.Input((None, None, 3))
    x = layers.Conv2D(filters, 3, strides=2, padding="same")(high)
    x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(2 * filters, 3, strides=2, padding="same")(x)
    x = layers.Concatenate()([layers.LeakyReLU(0.2)(x), low])
    x = layers.LeakyReLU(0.2)(layers.Conv2D(2 * filters, 3, padding="same")(x))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model([low, high], layers.Dense(1)(x))


# %% conditional_discriminator | wrong | Does the last convolution see the small image?
def conditional_discriminator(filters):
    low, high = keras.Input((None, None, 3)), keras.Input((None, None, 3))
    x = layers.Conv2D(filters, 3, strides=2, padding="same")(high)
    x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(2 * filters, 3, strides=2, padding="same")(x)
    x = layers.LeakyReLU(0.2)(layers.BatchNormalization()(x))
    x = layers.LeakyReLU(0.2)(layers.Conv2D(2 * filters, 3, padding="same")(x))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model([low, high], layers.Dense(1)(x))


# %% conditional_discriminator | wrong | Received: shape (2, 6, 5, 1)
def conditional_discriminator(filters):
    low, high = keras.Input((None, None, 3)), keras.Input((None, None, 3))
    x = layers.Conv2D(filters, 3, strides=2, padding="same")(high)
    x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(2 * filters, 3, strides=2, padding="same")(x)
    x = layers.LeakyReLU(0.2)(layers.BatchNormalization()(x))
    x = layers.Concatenate()([x, low])
    x = layers.LeakyReLU(0.2)(layers.Conv2D(2 * filters, 3, padding="same")(x))
    return keras.Model([low, high], layers.Dense(1)(x))


# %% conditional_discriminator | wrong | in front of the maps
def conditional_discriminator(filters):
    low, high = keras.Input((None, None, 3)), keras.Input((None, None, 3))
    x = layers.Conv2D(filters, 3, strides=2, padding="same")(high)
    x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(2 * filters, 3, strides=2, padding="same")(x)
    x = layers.LeakyReLU(0.2)(layers.BatchNormalization()(x))
    x = layers.Concatenate()([low, x])
    x = layers.LeakyReLU(0.2)(layers.Conv2D(2 * filters, 3, padding="same")(x))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model([low, high], layers.Dense(1)(x))


# %% conditional_discriminator | wrong | Nothing is returned
def conditional_discriminator(filters):
    low, high = keras.Input((None, None, 3)), keras.Input((None, None, 3))
    x = layers.Conv2D(filters, 3, strides=2, padding="same")(high)
    x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(2 * filters, 3, strides=2, padding="same")(x)
    x = layers.LeakyReLU(0.2)(layers.BatchNormalization()(x))
    x = layers.Concatenate()([x, low])
    x = layers.LeakyReLU(0.2)(layers.Conv2D(2 * filters, 3, padding="same")(x))
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model([low, high], layers.Dense(1)(x))


# %% relativistic_losses | right | Keras' loss
def relativistic_losses(real, fake, target):
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    real_difference = real - fake.mean()
    fake_difference = fake - real.mean()
    yes = cross_entropy(np.full(real.shape, target), real_difference)
    no = cross_entropy(np.zeros(fake.shape), fake_difference)
    fooled = cross_entropy(np.ones(fake.shape), fake_difference)
    denied = cross_entropy(np.zeros(real.shape), real_difference)
    return (yes + no) / 2, (fooled + denied) / 2


# %% relativistic_losses | right | loops
import math


def cost(label, x):
    rest = math.log1p(math.exp(-abs(x)))
    return label * (max(-x, 0) + rest) + (1 - label) * (max(x, 0) + rest)


def relativistic_losses(real, fake, target):
    reals, fakes = real.ravel().tolist(), fake.ravel().tolist()
    m, n = len(reals), len(fakes)
    mean_real, mean_fake = sum(reals) / m, sum(fakes) / n
    d_loss = loss = 0.0
    for logit in reals:
        d_loss += cost(target, logit - mean_fake) / m
        loss += cost(0, logit - mean_fake) / m
    for logit in fakes:
        d_loss += cost(0, logit - mean_real) / n
        loss += cost(1, logit - mean_real) / n
    return [d_loss / 2, loss / 2]


# %% relativistic_losses | right | TensorFlow
def relativistic_losses(real, fake, target):
    above, below = real - tf.reduce_mean(fake), fake - tf.reduce_mean(real)
    entropy = tf.nn.sigmoid_cross_entropy_with_logits
    sums = []
    for a, b in ((target, 0.0), (0.0, 1.0)):
        x = entropy(labels=a * tf.ones_like(above), logits=above)
        y = entropy(labels=b * tf.ones_like(below), logits=below)
        sums.append((tf.reduce_mean(x) + tf.reduce_mean(y)) / 2)
    return tf.stack(sums)


# %% relativistic_losses | wrong | The labels of generated images are smoothed, too
def relativistic_losses(real, fake, target):
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    above, below = real - fake.mean(), fake - real.mean()
    yes = cross_entropy(np.full(real.shape, target), above)
    no = cross_entropy(np.full(fake.shape, 1 - target), below)
    fooled = cross_entropy(np.ones(fake.shape), below)
    denied = cross_entropy(np.zeros(real.shape), above)
    return (yes + no) / 2, (fooled + denied) / 2


# %% relativistic_losses | wrong | asks for what the discriminator wants
def relativistic_losses(real, fake, target):
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    above, below = real - fake.mean(), fake - real.mean()
    yes = cross_entropy(np.full(real.shape, target), above)
    no = cross_entropy(np.zeros(fake.shape), below)
    fooled = cross_entropy(np.zeros(fake.shape), below)
    denied = cross_entropy(np.ones(real.shape), above)
    return (yes + no) / 2, (fooled + denied) / 2


# %% relativistic_losses | wrong | The sigmoid is applied twice
def relativistic_losses(real, fake, target):
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    above, below = ops.sigmoid(real - fake.mean()), ops.sigmoid(fake - real.mean())
    yes = cross_entropy(np.full(real.shape, target), above)
    no = cross_entropy(np.zeros(fake.shape), below)
    fooled = cross_entropy(np.ones(fake.shape), below)
    denied = cross_entropy(np.zeros(real.shape), above)
    return (yes + no) / 2, (fooled + denied) / 2


# %% relativistic_losses | wrong | Each logit stands alone
def relativistic_losses(real, fake, target):
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    yes = cross_entropy(np.full(real.shape, target), real)
    no = cross_entropy(np.zeros(fake.shape), fake)
    fooled = cross_entropy(np.ones(fake.shape), fake)
    denied = cross_entropy(np.zeros(real.shape), real)
    return (yes + no) / 2, (fooled + denied) / 2


# %% relativistic_losses | wrong | For large logits: The result holds NaN or infinity
def relativistic_losses(real, fake, target):
    def entropy(label, x):
        p = 1 / (1 + np.exp(-x))
        return -np.mean(label * np.log(p) + (1 - label) * np.log(1 - p))

    above, below = real - fake.mean(), fake - real.mean()
    d_loss = (entropy(target, above) + entropy(0, below)) / 2
    return d_loss, (entropy(0, above) + entropy(1, below)) / 2


# %% relativistic_losses | wrong | The probabilities are clipped
def relativistic_losses(real, fake, target):
    cross_entropy = keras.losses.BinaryCrossentropy()
    above, below = ops.sigmoid(real - fake.mean()), ops.sigmoid(fake - real.mean())
    yes = cross_entropy(np.full(real.shape, target), above)
    no = cross_entropy(np.zeros(fake.shape), below)
    fooled = cross_entropy(np.ones(fake.shape), below)
    denied = cross_entropy(np.zeros(real.shape), above)
    return (yes + no) / 2, (fooled + denied) / 2


# %% relativistic_losses | wrong | For another target: No label is smoothed
def relativistic_losses(real, fake, target):
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    above, below = real - fake.mean(), fake - real.mean()
    smoothed = 0.9 if target == 0.9 else 1.0
    yes = cross_entropy(np.full(real.shape, smoothed), above)
    no = cross_entropy(np.zeros(fake.shape), below)
    fooled = cross_entropy(np.ones(fake.shape), below)
    denied = cross_entropy(np.zeros(real.shape), above)
    return (yes + no) / 2, (fooled + denied) / 2


# %% relativistic_losses | wrong | For other numbers of both kinds: The code stops
def relativistic_losses(real, fake, target):
    def entropy(label, x):
        return label * np.logaddexp(0, -x) + (1 - label) * np.logaddexp(0, x)

    above, below = real - fake.mean(), fake - real.mean()
    d_loss = np.mean(entropy(target, above) + entropy(0, below)) / 2
    return d_loss, np.mean(entropy(0, above) + entropy(1, below)) / 2


# %% relativistic_losses | wrong | The result is printed instead of returned
def relativistic_losses(real, fake, target):
    def entropy(label, x):
        yes, no = np.logaddexp(0, -x), np.logaddexp(0, x)
        return np.mean(label * yes + (1 - label) * no)

    above, below = real - fake.mean(), fake - real.mean()
    print((entropy(target, above) + entropy(0, below)) / 2)
    print((entropy(0, above) + entropy(1, below)) / 2)


# %% take_turns | right | a compiled function, with TensorFlow's cross-entropy
@tf.function
def take_turns(generator, discriminator, optimizer, d_optimizer, low, high):
    size = high.shape[0]
    entropy = tf.nn.sigmoid_cross_entropy_with_logits
    with tf.GradientTape() as tape:
        made = generator(low, training=True)
        logits = discriminator(tf.concat([high, made], axis=0), training=True)
        labels = tf.concat([tf.fill([size, 1], 0.9), tf.zeros([size, 1])], axis=0)
        d_loss = tf.reduce_mean(entropy(labels, logits))
    gradients = tape.gradient(d_loss, discriminator.trainable_weights)
    d_optimizer.apply_gradients(zip(gradients, discriminator.trainable_weights))
    with tf.GradientTape() as tape:
        made = generator(low, training=True)
        logits = discriminator(tf.concat([high, made], axis=0), training=True)[size:]
        loss = tf.reduce_mean(abs(made - high))
        loss += tf.reduce_mean(entropy(tf.ones_like(logits), logits)) / 10
    gradients = tape.gradient(loss, generator.trainable_weights)
    optimizer.apply_gradients(zip(gradients, generator.trainable_weights))
    return d_loss, loss


# %% take_turns | right | one helper for both turns
def move(network, optimizer, loss):
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([x.value for x in network.trainable_variables])
        value = loss()
    gradients = tape.gradient(value, [x.value for x in network.trainable_variables])
    optimizer.apply(gradients, network.trainable_variables)
    return float(value)


def take_turns(generator, discriminator, optimizer, d_optimizer, low, high):
    bce = keras.losses.binary_crossentropy

    def both():
        made = generator(low, training=True)
        logits = discriminator(ops.concatenate([high, made]), training=True)
        return made, logits[: len(low)], logits[len(low) :]

    def d_loss():
        _, real, fake = both()
        yes = bce(ops.full_like(real, 0.9), real, from_logits=True)
        no = bce(ops.zeros_like(fake), fake, from_logits=True)
        return 0.5 * ops.mean(yes) + 0.5 * ops.mean(no)

    def loss():
        made, _, fake = both()
        fooled = ops.mean(bce(ops.ones_like(fake), fake, from_logits=True))
        return keras.losses.MeanAbsoluteError()(high, made) + 0.1 * fooled

    first = move(discriminator, d_optimizer, d_loss)
    return first, move(generator, optimizer, loss)


# %% take_turns | right | detached images, frozen weights, a persistent tape
def take_turns(generator, discriminator, optimizer, d_optimizer, low, high):
    n = len(high)
    made = tf.stop_gradient(generator(low, training=True))
    with tf.GradientTape(persistent=True) as tape:
        logits = discriminator(tf.concat([high, made], 0), training=True)
        real, fake = logits[:n], logits[n:]
        yes = tf.math.softplus(real) - 0.9 * real
        d_loss = (tf.reduce_mean(yes) + tf.reduce_mean(tf.math.softplus(fake))) / 2
    variables = discriminator.trainable_variables
    gradients = [tape.gradient(d_loss, x) for x in variables]
    d_optimizer.apply(gradients, variables)

    variables = generator.trainable_variables
    with tf.GradientTape(persistent=True) as tape:
        made = generator(low, training=True)
        fake = discriminator(tf.concat([high, made], 0), training=True)[n:]
        loss = tf.reduce_mean(tf.abs(made - high))
        loss = loss + 0.1 * tf.reduce_mean(tf.math.softplus(-fake))
    optimizer.apply([tape.gradient(loss, x) for x in variables], variables)
    return np.array([d_loss, loss])


# %% take_turns | wrong | The discriminator is frozen
def take_turns(generator, discriminator, optimizer, d_optimizer, low, high):
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        both = ops.concatenate([high, generator(low, training=True)])
        real, fake = ops.split(discriminator(both, training=True), 2)
        d_loss = bce(0.9 * ops.ones_like(real), real) + bce(ops.zeros_like(fake), fake)
        d_loss = d_loss / 2
    gradients = tape.gradient(d_loss, discriminator.trainable_variables)  # not applied

    with tf.GradientTape() as tape:
        made = generator(low, training=True)
        both = ops.concatenate([high, made])
        _, fake = ops.split(discriminator(both, training=True), 2)
        loss = ops.mean(ops.abs(high - made)) + 0.1 * bce(ops.ones_like(fake), fake)
    variables = generator.trainable_variables
    optimizer.apply(tape.gradient(loss, variables), variables)
    return float(d_loss), float(loss)


# %% take_turns | wrong | The generator's loss has the wrong label
def take_turns(generator, discriminator, optimizer, d_optimizer, low, high):
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        both = ops.concatenate([high, generator(low, training=True)])
        real, fake = ops.split(discriminator(both, training=True), 2)
        d_loss = bce(0.9 * ops.ones_like(real), real) + bce(ops.zeros_like(fake), fake)
        d_loss = d_loss / 2
    variables = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, variables), variables)

    with tf.GradientTape() as tape:
        made = generator(low, training=True)
        both = ops.concatenate([high, made])
        _, fake = ops.split(discriminator(both, training=True), 2)
        loss = ops.mean(ops.abs(high - made)) + 0.1 * bce(ops.zeros_like(fake), fake)
    variables = generator.trainable_variables
    optimizer.apply(tape.gradient(loss, variables), variables)
    return float(d_loss), float(loss)


# %% take_turns | wrong | The labels of generated images are smoothed, too
def take_turns(generator, discriminator, optimizer, d_optimizer, low, high):
    bce = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.2)
    plain = keras.losses.BinaryCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        both = ops.concatenate([high, generator(low, training=True)])
        real, fake = ops.split(discriminator(both, training=True), 2)
        d_loss = bce(ops.ones_like(real), real) + bce(ops.zeros_like(fake), fake)
        d_loss = d_loss / 2
    variables = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, variables), variables)

    with tf.GradientTape() as tape:
        made = generator(low, training=True)
        both = ops.concatenate([high, made])
        _, fake = ops.split(discriminator(both, training=True), 2)
        loss = ops.mean(ops.abs(high - made)) + 0.1 * plain(ops.ones_like(fake), fake)
    variables = generator.trainable_variables
    optimizer.apply(tape.gradient(loss, variables), variables)
    return float(d_loss), float(loss)


# %% take_turns | wrong | as it was before its move
def take_turns(generator, discriminator, optimizer, d_optimizer, low, high):
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    with tf.GradientTape() as tape, tf.GradientTape() as d_tape:
        made = generator(low, training=True)
        both = ops.concatenate([high, made])
        real, fake = ops.split(discriminator(both, training=True), 2)
        d_loss = bce(0.9 * ops.ones_like(real), real) + bce(ops.zeros_like(fake), fake)
        d_loss = d_loss / 2
        loss = ops.mean(ops.abs(high - made)) + 0.1 * bce(ops.ones_like(fake), fake)
    variables = discriminator.trainable_variables
    d_optimizer.apply(d_tape.gradient(d_loss, variables), variables)
    variables = generator.trainable_variables
    optimizer.apply(tape.gradient(loss, variables), variables)
    return float(d_loss), float(loss)


# %% take_turns | wrong | something is cut
def take_turns(generator, discriminator, optimizer, d_optimizer, low, high):
    bce = keras.losses.BinaryCrossentropy(from_logits=True)

    def seen(made):
        both = ops.concatenate([high, ops.stop_gradient(made)])
        return ops.split(discriminator(both, training=True), 2)

    with tf.GradientTape() as tape:
        real, fake = seen(generator(low, training=True))
        d_loss = bce(0.9 * ops.ones_like(real), real) + bce(ops.zeros_like(fake), fake)
        d_loss = d_loss / 2
    variables = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, variables), variables)

    with tf.GradientTape() as tape:
        made = generator(low, training=True)
        _, fake = seen(made)
        loss = ops.mean(ops.abs(high - made)) + 0.1 * bce(ops.ones_like(fake), fake)
    variables = generator.trainable_variables
    optimizer.apply(tape.gradient(loss, variables), variables)
    return float(d_loss), float(loss)


# %% take_turns | wrong | go through the discriminator in two batches
def take_turns(generator, discriminator, optimizer, d_optimizer, low, high):
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        real = discriminator(high, training=True)
        fake = discriminator(generator(low, training=True), training=True)
        d_loss = bce(0.9 * ops.ones_like(real), real) + bce(ops.zeros_like(fake), fake)
        d_loss = d_loss / 2
    variables = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, variables), variables)

    with tf.GradientTape() as tape:
        made = generator(low, training=True)
        fake = discriminator(made, training=True)
        loss = ops.mean(ops.abs(high - made)) + 0.1 * bce(ops.ones_like(fake), fake)
    variables = generator.trainable_variables
    optimizer.apply(tape.gradient(loss, variables), variables)
    return float(d_loss), float(loss)


# %% take_turns | wrong | The discriminator is called as in prediction
def take_turns(generator, discriminator, optimizer, d_optimizer, low, high):
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        both = ops.concatenate([high, generator(low)])
        real, fake = ops.split(discriminator(both), 2)
        d_loss = bce(0.9 * ops.ones_like(real), real) + bce(ops.zeros_like(fake), fake)
        d_loss = d_loss / 2
    variables = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, variables), variables)

    with tf.GradientTape() as tape:
        made = generator(low)
        _, fake = ops.split(discriminator(ops.concatenate([high, made])), 2)
        loss = ops.mean(ops.abs(high - made)) + 0.1 * bce(ops.ones_like(fake), fake)
    variables = generator.trainable_variables
    optimizer.apply(tape.gradient(loss, variables), variables)
    return float(d_loss), float(loss)


# %% take_turns | wrong | The discriminator's loss moves the generator, too
def take_turns(generator, discriminator, optimizer, d_optimizer, low, high):
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        both = ops.concatenate([high, generator(low, training=True)])
        real, fake = ops.split(discriminator(both, training=True), 2)
        d_loss = bce(0.9 * ops.ones_like(real), real) + bce(ops.zeros_like(fake), fake)
        d_loss = d_loss / 2
    variables = discriminator.trainable_variables + generator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, variables), variables)

    with tf.GradientTape() as tape:
        made = generator(low, training=True)
        both = ops.concatenate([high, made])
        _, fake = ops.split(discriminator(both, training=True), 2)
        loss = ops.mean(ops.abs(high - made)) + 0.1 * bce(ops.ones_like(fake), fake)
    variables = generator.trainable_variables
    optimizer.apply(tape.gradient(loss, variables), variables)
    return float(d_loss), float(loss)


# %% take_turns | wrong | The optimizers are exchanged
def take_turns(generator, discriminator, d_optimizer, optimizer, low, high):
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        both = ops.concatenate([high, generator(low, training=True)])
        real, fake = ops.split(discriminator(both, training=True), 2)
        d_loss = bce(0.9 * ops.ones_like(real), real) + bce(ops.zeros_like(fake), fake)
        d_loss = d_loss / 2
    variables = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, variables), variables)

    with tf.GradientTape() as tape:
        made = generator(low, training=True)
        both = ops.concatenate([high, made])
        _, fake = ops.split(discriminator(both, training=True), 2)
        loss = ops.mean(ops.abs(high - made)) + 0.1 * bce(ops.ones_like(fake), fake)
    variables = generator.trainable_variables
    optimizer.apply(tape.gradient(loss, variables), variables)
    return float(d_loss), float(loss)


# %% take_turns | wrong | No gradients provided for any variable
def take_turns(generator, discriminator, optimizer, d_optimizer, low, high):
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    made = generator(low, training=True)
    with tf.GradientTape() as tape, tf.GradientTape() as d_tape:
        both = ops.concatenate([high, made])
        real, fake = ops.split(discriminator(both, training=True), 2)
        d_loss = bce(0.9 * ops.ones_like(real), real) + bce(ops.zeros_like(fake), fake)
        d_loss = d_loss / 2
        loss = ops.mean(ops.abs(high - made)) + 0.1 * bce(ops.ones_like(fake), fake)
    variables = discriminator.trainable_variables
    d_optimizer.apply(d_tape.gradient(d_loss, variables), variables)
    variables = generator.trainable_variables
    optimizer.apply(tape.gradient(loss, variables), variables)
    return float(d_loss), float(loss)


# %% take_turns | wrong | The result is printed instead of returned
def take_turns(generator, discriminator, optimizer, d_optimizer, low, high):
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        both = ops.concatenate([high, generator(low, training=True)])
        real, fake = ops.split(discriminator(both, training=True), 2)
        d_loss = bce(0.9 * ops.ones_like(real), real) + bce(ops.zeros_like(fake), fake)
        d_loss = d_loss / 2
    variables = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, variables), variables)

    with tf.GradientTape() as tape:
        made = generator(low, training=True)
        both = ops.concatenate([high, made])
        _, fake = ops.split(discriminator(both, training=True), 2)
        loss = ops.mean(ops.abs(high - made)) + 0.1 * bce(ops.ones_like(fake), fake)
    variables = generator.trainable_variables
    optimizer.apply(tape.gradient(loss, variables), variables)
    print(f"discriminator {float(d_loss):.4f}, generator {float(loss):.4f}")


# %% diagnose | right | loops
import math


def mean(values):
    return sum(values) / len(values)


def diagnose(real, fake, spread):
    found = []
    for r, f, s in zip(real, fake, spread):
        late = 3 * len(r) // 4
        if not all(math.isfinite(x) for curve in (r, f, s) for x in curve):
            found.append("exploded")
        elif mean(f[late:]) >= mean(r[late:]) + 0.1:
            found.append("frozen")
        elif mean(r[late:]) >= 0.8 and mean(f[late:]) <= 0.1:
            found.append("beaten")
        elif mean(s[late:]) <= 0.2:
            found.append("collapsed")
        else:
            found.append("healthy")
    return found


# %% diagnose | right | masks, from the last line of the table to the first
def diagnose(real, fake, spread):
    steps = real.shape[1]
    late = np.where(np.arange(steps) >= 0.75 * steps, 4 / steps, 0.0)
    curves = {"real": real, "fake": fake, "spread": spread}
    finite = np.isfinite(sum(curves.values())).all(axis=1)
    mean = {k: np.nan_to_num(x, posinf=0, neginf=0) @ late for k, x in curves.items()}
    words = np.full(len(real), "healthy", dtype=object)
    words[mean["spread"] <= 0.2] = "collapsed"
    words[(mean["real"] >= 0.8) & (mean["fake"] <= 0.1)] = "beaten"
    words[mean["fake"] >= mean["real"] + 0.1] = "frozen"
    words[~finite] = "exploded"
    return list(words)


# %% diagnose | right | TensorFlow, an array of words
def diagnose(real, fake, spread):
    curves = tf.stack([real, fake, spread], axis=1)
    finite = tf.reduce_all(tf.math.is_finite(curves), axis=[1, 2])
    late = tf.reduce_mean(curves[..., curves.shape[-1] * 3 // 4 :], axis=-1)
    r, f, s = tf.unstack(late, axis=1)
    word = tf.where(s <= 0.2, 3, 4)
    word = tf.where(tf.logical_and(r >= 0.8, f <= 0.1), 2, word)
    word = tf.where(f - r >= 0.1, 1, word)
    word = tf.where(finite, word, 0)
    names = np.array(["exploded", "frozen", "beaten", "collapsed", "healthy"])
    return names[word.numpy()]


# %% diagnose | wrong | The last step decides
def diagnose(real, fake, spread):
    found = []
    for r, f, s in zip(real, fake, spread):
        if not np.isfinite([r, f, s]).all():
            found.append("exploded")
        elif f[-1] - r[-1] >= 0.1:
            found.append("frozen")
        elif r[-1] >= 0.8 and f[-1] <= 0.1:
            found.append("beaten")
        elif s[-1] <= 0.2:
            found.append("collapsed")
        else:
            found.append("healthy")
    return found


# %% diagnose | wrong | All steps count
def diagnose(real, fake, spread):
    found = []
    for r, f, s in zip(real, fake, spread):
        if not np.isfinite([r, f, s]).all():
            found.append("exploded")
        elif f.mean() - r.mean() >= 0.1:
            found.append("frozen")
        elif r.mean() >= 0.8 and f.mean() <= 0.1:
            found.append("beaten")
        elif s.mean() <= 0.2:
            found.append("collapsed")
        else:
            found.append("healthy")
    return found


# %% diagnose | wrong | The last 10 steps count
def diagnose(real, fake, spread):
    r, f, s = (x[:, -10:].mean(axis=1) for x in (real, fake, spread))
    bad = ~np.isfinite(np.stack([real, fake, spread])).all(axis=(0, 2))
    tests = [bad, f - r >= 0.1, (r >= 0.8) & (f <= 0.1), s <= 0.2]
    return np.select(tests, ["exploded", "frozen", "beaten", "collapsed"], "healthy")


# %% diagnose | wrong | NaN fails every comparison
def diagnose(real, fake, spread):
    late = 3 * real.shape[1] // 4
    r, f, s = (x[:, late:].mean(axis=1) for x in (real, fake, spread))
    tests = [f - r >= 0.1, (r >= 0.8) & (f <= 0.1), s <= 0.2]
    return np.select(tests, ["frozen", "beaten", "collapsed"], "healthy").tolist()


# %% diagnose | wrong | A collapse is looked for before
def diagnose(real, fake, spread):
    late = 3 * real.shape[1] // 4
    r, f, s = (x[:, late:].mean(axis=1) for x in (real, fake, spread))
    bad = ~np.isfinite(np.stack([real, fake, spread])).all(axis=(0, 2))
    tests = [bad, s <= 0.2, f - r >= 0.1, (r >= 0.8) & (f <= 0.1)]
    return np.select(tests, ["exploded", "collapsed", "frozen", "beaten"], "healthy")


# %% diagnose | wrong | the sign counts
def diagnose(real, fake, spread):
    late = 3 * real.shape[1] // 4
    r, f, s = (x[:, late:].mean(axis=1) for x in (real, fake, spread))
    bad = ~np.isfinite(np.stack([real, fake, spread])).all(axis=(0, 2))
    tests = [bad, abs(f - r) >= 0.1, (r >= 0.8) & (f <= 0.1), s <= 0.2]
    return np.select(tests, ["exploded", "frozen", "beaten", "collapsed"], "healthy")


# %% diagnose | wrong | One of two conditions is taken
def diagnose(real, fake, spread):
    late = 3 * real.shape[1] // 4
    r, f, s = (x[:, late:].mean(axis=1) for x in (real, fake, spread))
    bad = ~np.isfinite(np.stack([real, fake, spread])).all(axis=(0, 2))
    tests = [bad, f - r >= 0.1, (r >= 0.8) | (f <= 0.1), s <= 0.2]
    return np.select(tests, ["exploded", "frozen", "beaten", "collapsed"], "healthy")


# %% diagnose | wrong | For many trainings of 80 steps: The result has another shape
def diagnose(real, fake, spread):
    found = []
    for i in range(4):
        r, f, s = (x[i, 30:].mean() for x in (real, fake, spread))
        if f - r >= 0.1:
            found.append("frozen")
        elif r >= 0.8 and f <= 0.1:
            found.append("beaten")
        else:
            found.append("collapsed" if s <= 0.2 else "healthy")
    return found


# %% shares | right | cumulative products
def shares(steps, most, warm_up):
    n = np.arange(1, steps + 1)
    keep = np.minimum(most, n / (n + warm_up))
    survives = np.append(np.cumprod(keep[::-1])[::-1], 1)
    return survives * np.insert(1 - keep, 0, 1)


# %% shares | right | an average of one-hot vectors, as TensorFlow variables
def shares(steps, most, warm_up):
    generators = np.eye(steps + 1)
    average = tf.Variable(generators[0])
    for n, generator in enumerate(generators[1:], start=1):
        keep = min(most, n / (n + warm_up))
        average.assign(keep * average + (1 - keep) * generator)
    return average


# %% shares | right | backward, in plain lists
def shares(steps, most, warm_up):
    found, left = [], 1.0
    for n in range(steps, 0, -1):
        taken = 1 - min(most, n / (n + warm_up))
        found.append(left * taken)
        left -= left * taken
    return [left, *found[::-1]]


# %% shares | wrong | The steps are counted from 0
def shares(steps, most, warm_up):
    found = np.eye(steps + 1)[0]
    for n in range(steps):
        keep = min(most, n / (n + warm_up))
        found *= keep
        found[n + 1] = 1 - keep
    return found


# %% shares | wrong | What is kept and what is taken are exchanged
def shares(steps, most, warm_up):
    found = np.eye(steps + 1)[0]
    for n in range(1, steps + 1):
        keep = min(most, n / (n + warm_up))
        found *= 1 - keep
        found[n] = keep
    return found


# %% shares | wrong | The limit is left out
def shares(steps, most, warm_up):
    found = np.eye(steps + 1)[0]
    for n in range(1, steps + 1):
        keep = n / (n + warm_up)
        found *= keep
        found[n] = 1 - keep
    return found


# %% shares | wrong | The larger of the two numbers
def shares(steps, most, warm_up):
    found = np.eye(steps + 1)[0]
    for n in range(1, steps + 1):
        keep = max(most, n / (n + warm_up))
        found *= keep
        found[n] = 1 - keep
    return found


# %% shares | wrong | The share of a step shrinks in every later step
def shares(steps, most, warm_up):
    n = np.arange(1, steps + 1)
    keep = np.minimum(most, n / (n + warm_up))
    return np.append(np.prod(keep), 1 - keep)


# %% shares | wrong | The share of the start is missing
def shares(steps, most, warm_up):
    found = np.zeros(steps)
    for n in range(1, steps + 1):
        keep = min(most, n / (n + warm_up))
        found *= keep
        found[n - 1] = 1 - keep
    return found


# %% shares | wrong | the start comes first
def shares(steps, most, warm_up):
    found, left = [], 1.0
    for n in range(steps, 0, -1):
        taken = 1 - min(most, n / (n + warm_up))
        found.append(left * taken)
        left -= left * taken
    return [*found, left]


# %% shares | wrong | For a single step: Most values are wrong
def shares(steps, most, warm_up):
    found = np.eye(steps + 1)[0]
    for n in range(1, steps + 1):
        keep = min(most, n / (n + 10))
        found *= keep
        found[n] = 1 - keep
    return found


# %% shares | wrong | The result is printed instead of returned
def shares(steps, most, warm_up):
    found = np.eye(steps + 1)[0]
    for n in range(1, steps + 1):
        keep = min(most, n / (n + warm_up))
        found *= keep
        found[n] = 1 - keep
    print(found)
