"""The code typed in a window of the desktop, where tkinter and a display are there."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from accounts.cps.agent.desk import Ending
from accounts.cps.agent.pages import version_line
from accounts.cps.agent.prompts import PAD, TITLE, Question

LOOK_EVERY_MS = 300
CLOSES_BY_ITSELF_MS = 20_000
WIDTH = 380


class WindowPrompt:
    """`toolkit` is the tkinter module, or what stands in for it in a test."""

    name = "fenetre"

    def __init__(self, toolkit: Any) -> None:
        self._tk = toolkit

    def ask(self, question: Question, is_over: Callable[[], bool]) -> str | None:
        """« Valider » or Return gives the code; « Annuler », Escape and the cross give up."""
        tk, root = self._tk, self._open(TITLE)
        typed: list[str] = []
        for name, value in question.asked:
            self._say(root, f"{name} : {value}")
        if question.error:
            self._say(root, question.error, foreground="#a3201d")
        field = None
        if question.has_pin_pad:
            self._say(root, PAD)
        else:
            self._say(root, "Code Porteur :")
            field = tk.Entry(root, show="•", width=12, font=("TkFixedFont", 16))
            field.pack(anchor="w", padx=16)
            field.focus_force()
        self._say(root, question.tries)
        if question.warning:
            self._say(root, question.warning, foreground="#a3201d")

        def give(event: Any = None) -> None:
            typed.append(field.get() if field is not None else "")
            if field is not None:
                field.delete(0, "end")
            root.destroy()

        self._buttons(root, (("Valider", give), ("Annuler", root.destroy)))
        self._say(root, version_line(), foreground="#5b6774")
        root.bind("<Return>", give)
        root.bind("<Escape>", lambda event: root.destroy())
        self._close_when(root, is_over)
        root.mainloop()
        return typed.pop() if typed else None

    def tell(self, end: Ending) -> None:
        """Only what must be read stays on the screen, and not for ever: nobody may be there any more."""
        if not end.is_bad:
            return
        root = self._open(end.title)
        self._say(root, end.sentence)
        self._buttons(root, (("Fermer", root.destroy),))
        root.bind("<Escape>", lambda event: root.destroy())
        root.after(CLOSES_BY_ITSELF_MS, root.destroy)
        root.mainloop()

    def _open(self, title: str) -> Any:
        root = self._tk.Tk()
        root.title(title)
        root.resizable(False, False)
        # Asked by a page in a browser: the window would open behind it.
        root.attributes("-topmost", True)
        return root

    def _say(self, root: Any, text: str, **look: Any) -> None:
        self._tk.Label(root, text=text, wraplength=WIDTH, justify="left", **look).pack(
            anchor="w", padx=16, pady=4
        )

    def _buttons(self, root: Any, buttons: tuple[tuple[str, Callable[[], Any]], ...]) -> None:
        row = self._tk.Frame(root)
        row.pack(anchor="e", padx=16, pady=12)
        for text, command in buttons:
            self._tk.Button(row, text=text, command=command).pack(side="left", padx=4)

    def _close_when(self, root: Any, is_over: Callable[[], bool]) -> None:
        def look() -> None:
            if is_over():
                root.destroy()
            else:
                root.after(LOOK_EVERY_MS, look)

        root.after(LOOK_EVERY_MS, look)


def find_toolkit(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Any | None:
    """tkinter when a window can really be opened here; None without it, or without a display."""
    if platform.startswith("linux") and not environment.get("DISPLAY"):
        return None
    try:
        toolkit = importlib.import_module("tkinter")
        toolkit.Tk().destroy()
    except Exception:  # noqa: BLE001  no Tk, no display, no right to it: the page serves
        return None
    return toolkit
