"""The dice of the makers: everything random comes from one seed."""

import datetime
import random


class Chance:
    def __init__(self, seed):
        self.seed = seed
        self.rng = random.Random(seed)

    def often(self, share):
        return self.rng.random() < share

    def pick(self, values):
        return self.rng.choice(values)

    def some(self, values, most):
        """A `;` list of some values, in their order."""
        chosen = self.rng.sample(list(values), self.rng.randint(1, min(most, len(values))))
        return [value for value in values if value in chosen]

    def day(self, number):
        """The date of a day of the usage's time, from 0."""
        return (self.first_day + datetime.timedelta(days=number)).isoformat()
