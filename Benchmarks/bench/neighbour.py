"""A neighbour within a limit of tasks: at "take" it makes threads until none can be had, at "give" it ends them.

Answers each line with the number of threads that it has.
"""
import sys
import threading

MOST = 4096


class Neighbour:
    def __init__(self):
        self.threads, self.isOver = [], threading.Event()

    def take(self):
        while len(self.threads) < MOST:
            thread = threading.Thread(target=self.isOver.wait, daemon=True)
            try:
                thread.start()
            except RuntimeError:
                return
            self.threads.append(thread)

    def give(self):
        self.isOver.set()
        for thread in self.threads:
            thread.join()
        self.threads, self.isOver = [], threading.Event()


def main():
    neighbour = Neighbour()
    print("ready", flush=True)
    for line in sys.stdin:
        neighbour.take() if line.strip() == "take" else neighbour.give()
        print(len(neighbour.threads), flush=True)


if __name__ == "__main__":
    main()
