"""What goes wrong in a kernel, each with the instruction, the block and the thread at which it was found."""


class FaultError(Exception):
    """Something that a kernel must not do, or that the interpreter does not know.

    The message says what; `lane` is the lane of the run where it was seen first, or None. The machine adds
    the kernel, the instruction, the block and the thread."""

    def __init__(self, what: str, lane: int | None = None):
        super().__init__(what)
        self.what = what
        self.lane = lane


class UnknownInstructionError(FaultError):
    """PTX that the interpreter does not execute: it refuses instead of guessing."""


class LaunchError(FaultError):
    """A launch that the kernel cannot have: number of parameters, sizes of grid and block, shared memory."""


class OutOfBoundsError(FaultError):
    """An access outside of every live buffer, of the shared memory or of the local memory."""


class UseAfterFreeError(OutOfBoundsError):
    """An access to a buffer that was freed."""


class ReadOnlyError(FaultError):
    """A store to a constant table."""


class MisalignedError(FaultError):
    """An address that is no multiple of the size of the access."""


class RaceError(FaultError):
    """Two threads touch one place, one of them writes, and nothing orders them."""


class DivergentBarrierError(FaultError):
    """Threads of one block wait at different barriers, or wait for threads that have left."""


class DeadlockError(FaultError):
    """No thread can go on."""


class InactiveLaneError(FaultError):
    """A lane reads another that takes no part in the exchange, or takes part without being in the mask."""


class DivisionByZeroError(FaultError):
    """An integer was divided by zero, which has no defined result on the device."""


class TrapError(FaultError):
    """The kernel stopped itself."""


class StepLimitError(FaultError):
    """The kernel executed more instructions than it was given."""
