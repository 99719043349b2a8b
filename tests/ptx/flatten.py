"""A kernel as one list of instructions: scopes are opened, names made unique, device functions inlined."""

import re
from dataclasses import dataclass, field, replace

from ptx.faults import UnknownInstructionError
from ptx.kinds import kind
from ptx.parse import Function, Instruction, Module, Scope, Variable

IDENTIFIER = re.compile(r"(?<![\w$%.])[$%A-Za-z_][\w$.]*")
DEEPEST = 30


@dataclass
class Program:
    """A kernel without scopes and calls. `frame` is the place of each local variable and passed parameter in
    the local memory of a thread."""

    name: str
    parameters: list[Variable]
    code: list[Instruction] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    registers: dict[str, str] = field(default_factory=dict)
    frame: dict[str, int] = field(default_factory=dict)
    frame_bytes: int = 0
    shared: list[Variable] = field(default_factory=list)
    constants: list[Variable] = field(default_factory=list)


class Names:
    """What the names of a scope stand for; a name that is not found means what it meant outside."""

    def __init__(self, parent: "Names | None" = None):
        self.parent = parent
        self.own: dict[str, str] = {}

    def find(self, name: str) -> str:
        """The unique name of a name used here."""
        names: Names | None = self
        while names:
            if name in names.own:
                return names.own[name]
            names = names.parent
        return name

    def rewrite(self, text: str) -> str:
        """The text of an operand with unique names."""
        return IDENTIFIER.sub(lambda found: self.find(found[0]), text)


class Flattener:
    """Builds the program of one kernel of a module."""

    def __init__(self, module: Module, entry: Function):
        self.module = module
        self.program = Program(entry.name, entry.parameters)
        self.program.constants = [v for v in module.variables if v.space in ("global", "const")]
        self.program.shared = [v for v in module.variables if v.space == "shared"]
        self.scopes = 0
        self.open(entry.body, Names(), None, 0)

    def declare(self, variable: Variable, names: Names) -> None:
        """Gives a variable a unique name and a place."""
        unique = f"{variable.name}.{self.scopes}"
        names.own[variable.name] = unique
        if variable.space == "reg":
            self.program.registers[unique] = variable.type
        elif variable.space == "shared":
            self.program.shared.append(replace(variable, name=unique))
        elif variable.space in ("local", "param"):
            size = kind(variable.type).itemsize
            align = max(variable.align, size)
            start = -(-self.program.frame_bytes // align) * align
            self.program.frame[unique] = start
            self.program.frame_bytes = start + size * variable.count
        else:
            raise UnknownInstructionError(f"{variable.name} in .{variable.space} within a function")

    def open(self, body: Scope | None, names: Names, leave: str | None, depth: int) -> None:
        """Adds the instructions of a scope; `leave` is the label that a return goes to, None in the kernel
        itself."""
        if body is None:
            raise UnknownInstructionError("a function without a body")
        self.scopes += 1
        for item in body.items:
            if isinstance(item, str):
                names.own[item] = f"{item}.{self.scopes}"
        for item in body.items:
            if isinstance(item, str):
                self.program.labels[names.find(item)] = len(self.program.code)
            elif isinstance(item, Variable):
                self.declare(item, names)
            elif isinstance(item, Scope):
                self.open(item, Names(names), leave, depth)
            elif item.op[0] == "call":
                self.call(item, names, depth)
            else:
                self.add(item, names, leave)

    def add(self, item: Instruction, names: Names, leave: str | None) -> None:
        """Adds one instruction with unique names."""
        op, operands = item.op, tuple(names.rewrite(o) for o in item.operands)
        if op[0] == "ret" and leave is not None:
            op, operands = ("bra",), (leave,)
        guard = names.find(item.guard) if item.guard else None
        self.program.code.append(replace(item, op=op, operands=operands, guard=guard))

    def call(self, item: Instruction, names: Names, depth: int) -> None:
        """Adds the body of the function that is called; its parameters are the variables that the caller
        passes."""
        operands = list(item.operands)
        results = [] if not operands[0].startswith("(") else operands.pop(0).strip("() ").split(",")
        name = operands.pop(0)
        passed = operands.pop(0).strip("() ").split(",") if operands else []
        called = self.module.functions.get(name)
        if item.guard or called is None or called.body is None or operands:
            raise UnknownInstructionError(f"a call of {name}: guarded, indirect, or of an external function")
        if depth > DEEPEST:
            raise UnknownInstructionError(f"{name} calls itself")
        inner = Names()
        formal = [v.name for v in [*called.results, *called.parameters]]
        actual = [names.find(a.strip()) for a in [*results, *passed] if a.strip()]
        if len(formal) != len(actual):
            raise UnknownInstructionError(f"`{item.text}` passes {len(actual)} of {len(formal)} parameters")
        inner.own.update(zip(formal, actual))
        leave = f"return.{self.scopes + 1}"
        self.open(called.body, inner, leave, depth + 1)
        self.program.labels[leave] = len(self.program.code)


def flatten(module: Module, name: str | None = None) -> Program:
    """The program of the kernel called `name`, or of the only kernel.

    Raises UnknownInstructionError where there is no such kernel."""
    entries = [f for f in module.functions.values() if f.entry and (name is None or f.name == name)]
    if len(entries) != 1:
        raise UnknownInstructionError(f"{len(entries)} kernels called {name or 'anything'}")
    return Flattener(module, entries[0]).program
