"""Places in a YAML file: the nodes that an author wrote, with their lines, where loading would keep only their values."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

__all__ = ["child", "nodes", "repeated_keys", "scalars", "with_id"]


def child(node: yaml.Node | None, *path: int | str) -> yaml.Node | None:
    """The node at the end of a path of keys and positions, None where there is none."""
    for part in path:
        if isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == part), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
        else:
            return None
    return node


def nodes(node: yaml.Node | None) -> Iterator[yaml.Node]:
    """The node and all below it, in the text's order."""
    if node is None:
        return
    yield node
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from nodes(key)
            yield from nodes(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from nodes(item)


def scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """The texts, numbers and keys below a node."""
    return (one for one in nodes(node) if isinstance(one, yaml.ScalarNode))


def with_id(node: yaml.Node, name: str) -> yaml.Node | None:
    """The last mapping below a node whose ``id`` is this one."""
    found = None
    for one in nodes(node):
        said = child(one, "id") if isinstance(one, yaml.MappingNode) else None
        if isinstance(said, yaml.ScalarNode) and said.value == name and one is not node:
            found = one
    return found


def repeated_keys(root: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """Keys that stand twice in one mapping: YAML keeps the last and says nothing."""
    for node in nodes(root):
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode):
                    if key.value in seen:
                        yield key.start_mark.line + 1, f"the key '{key.value}' stands twice"
                    seen.add(key.value)
