"""The dot and the variables that a piece of a template sees."""

from __future__ import annotations

from dataclasses import field

from imagebot.manifest.helm.known import UNKNOWN, Known, Test, changed, either
from imagebot.values import dataclass


@dataclass(slots=True)
class Scope:
    """`root` is `$`. What is assigned to a variable of `outer` stays in `assigned` until it is
    known whether this piece is printed."""

    dot: Known
    root: Known
    outer: Scope | None = None
    declared: dict[str, Known] = field(default_factory=dict)
    assigned: dict[str, Known] = field(default_factory=dict)

    def within(self, dot: Known | None = None) -> Scope:
        return Scope(self.dot if dot is None else dot, self.root, self)

    def look_up(self, name: str) -> Known:
        if name == "$":
            return self.root
        scope: Scope | None = self
        while scope is not None:
            for names in (scope.declared, scope.assigned):
                if name in names:
                    return names[name]
            scope = scope.outer
        return UNKNOWN

    def declare(self, name: str, known: Known) -> None:
        self.declared[name] = known

    def assign(self, name: str, known: Known) -> None:
        (self.declared if name in self.declared else self.assigned)[name] = known

    def take(self, test: bool | Test | None, then: Scope, otherwise: Scope) -> None:
        """Assign what the two branches of a block have assigned."""
        for name in {**then.assigned, **otherwise.assigned}:
            before = self.look_up(name)
            one, other = (each.assigned.get(name, before) for each in (then, otherwise))
            self.assign(name, either(test, one, other))

    def forget(self, body: Scope) -> None:
        """The same for a block that may be printed any number of times."""
        for name in body.assigned:
            self.assign(name, changed(self.look_up(name), body.assigned[name]))
