"""Image sets that the package draws itself, to learn from where there is no network (Pillow and NumPy only).

Picture i of a set depends on the seed and on i alone: a shorter set is the beginning of a longer one. What is read
from disk never needs this package: `torchbook.data.standin` imports it when a stand-in is asked for.
"""

from torchbook.drawn.garment_set import draw_garments
from torchbook.drawn.insect_set import draw_insects
from torchbook.drawn.object_set import draw_objects

__all__ = ["draw_garments", "draw_insects", "draw_objects"]
