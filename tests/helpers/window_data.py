"""What is in the small recordings that the tests of the window open."""

from napari_isx import Timing

PERIOD_S = 0.05
NUM_FRAMES = 200
CENTERS = [(12, 14), (14, 40), (34, 16), (36, 44)]  # rows and columns in the cell set
NAMES = ["C0", "C1", "Zelle ß", "<b>C3</b>"]
STATUSES = ["accepted", "undecided", "rejected", "accepted"]
EVENT_FRAMES = {0: [20, 60, 150], 1: [90], 2: [], 3: [10, 199]}
START = Timing.regular(0, PERIOD_S).start.replace(year=2026)
