"""Sessions: what each may ask, its life as an actor, and the handle that its user holds. It knows no wire."""
