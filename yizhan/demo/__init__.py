"""`yizhan demo`: a station to play with, or a scripted run that ends with one line of JSON."""
