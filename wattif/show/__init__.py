"""A picture of a meter, a class of meters or the whole fleet: what the readings look like, to be judged by eye."""
