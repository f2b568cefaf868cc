"""What napari does with the first layer of each kind can be done before, in another thread."""

from concurrent.futures import ThreadPoolExecutor

from napari_isx.layers.first_use import prepare


def test_it_makes_a_layer_of_each_kind_in_another_thread():
    with ThreadPoolExecutor(1) as thread:
        thread.submit(prepare.__wrapped__).result()
