"""Random tree ensembles as ONNX graphs, built operator by operator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

FEATURES = 6
NUMBER_MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT")
ALL_MODES = (*NUMBER_MODES, "BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER")


@dataclass
class Rows:
    """The nodes of trees as TreeEnsembleRegressor and -Classifier have them."""

    nodes: dict[str, list[Any]] = field(
        default_factory=lambda: {
            name: []
            for name in (
                *("treeids", "nodeids", "featureids", "modes", "values"),
                *("truenodeids", "falsenodeids", "missing_value_tracks_true"),
            )
        }
    )
    votes: list[tuple[int, int, int, float]] = field(default_factory=list)

    def add(self, **values: Any) -> None:
        for name, column in self.nodes.items():
            column.append(values.get(name, 0))


def grow(
    rng: np.random.Generator,
    trees: int = 9,
    depth: int = 5,
    modes: tuple[str, ...] = NUMBER_MODES[:1],
    targets: tuple[int, ...] = (0,),
    positive: bool = False,
) -> Rows:
    """Random trees; each leaf votes for all targets."""
    rows = Rows()
    for tree in range(trees):
        open_nodes, count = [(0, 0)], 1
        while open_nodes:
            node, level = open_nodes.pop(0)
            leaf = level == depth or (level > 1 and rng.random() < 0.2)
            mode = "LEAF" if leaf else str(rng.choice(modes))
            whole = mode in {"BRANCH_EQ", "BRANCH_NEQ"}
            value = float(rng.integers(0, 6) if whole else rng.choice(rng.normal(size=20)))
            children = (0, 0) if leaf else (count, count + 1)
            rows.add(
                treeids=tree,
                nodeids=node,
                featureids=int(rng.integers(FEATURES)),
                modes=mode,
                values=0.0 if leaf else value,
                truenodeids=children[0],
                falsenodeids=children[1],
                missing_value_tracks_true=0 if leaf else int(rng.integers(2)),
            )
            if leaf:
                for target in targets:
                    weight = float(rng.normal())
                    rows.votes.append((tree, node, target, abs(weight) if positive else weight))
            else:
                open_nodes += [(child, level + 1) for child in children]
                count += 2
    return rows


def graph(
    nodes: list[Any], input_type: int, outputs: list[tuple[str, int]], version: int = 3
) -> bytes:
    """The file of a graph with one matrix as input."""
    made = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("X", input_type, [None, FEATURES])],
        [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs],
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", version)]
    model = helper.make_model(made, opset_imports=opsets, producer_name="tests", ir_version=8)
    return bytes(model.SerializeToString())


def tensor(name: str, values: Any, kind: int = TensorProto.DOUBLE) -> onnx.TensorProto:
    return helper.make_tensor(name, kind, [len(values)], values)


def attributes(rows: Rows, votes: str, double: bool, **more: Any) -> dict[str, Any]:
    """The attributes of TreeEnsembleRegressor ("target") or TreeEnsembleClassifier ("class")."""
    made = {f"nodes_{name}": column for name, column in rows.nodes.items()}
    tree_ids, node_ids, ids, weights = (list(column) for column in zip(*rows.votes, strict=True))
    made |= {f"{votes}_treeids": tree_ids, f"{votes}_nodeids": node_ids, f"{votes}_ids": ids}
    made[f"{votes}_weights"] = weights
    made |= more
    if double:
        for name in ("nodes_values", f"{votes}_weights", "base_values"):
            if name in made:
                made[f"{name}_as_tensor"] = tensor(name, made.pop(name))
    return made


def regressor(rows: Rows, targets: int = 1, double: bool = False, **more: Any) -> bytes:
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["X"],
        ["Y"],
        domain="ai.onnx.ml",
        **attributes(rows, "target", double, n_targets=targets, **more),
    )
    kind = TensorProto.DOUBLE if double else TensorProto.FLOAT
    return graph([node], kind, [("Y", TensorProto.FLOAT)])


def classifier(rows: Rows, classes: int, double: bool = False, **more: Any) -> bytes:
    """With what converters put after it."""
    labels = [f"c{i}" for i in range(classes)]
    node = helper.make_node(
        "TreeEnsembleClassifier",
        ["X"],
        ["label", "scores"],
        domain="ai.onnx.ml",
        **attributes(rows, "class", double, classlabels_strings=labels, **more),
    )
    nodes = [
        node,
        helper.make_node("Identity", ["label"], ["L"]),
        helper.make_node("Identity", ["scores"], ["Y"]),
        helper.make_node(
            "ZipMap", ["scores"], ["Z"], domain="ai.onnx.ml", classlabels_strings=labels
        ),
    ]
    kind = TensorProto.DOUBLE if double else TensorProto.FLOAT
    return graph(nodes, kind, [("L", TensorProto.STRING), ("Y", TensorProto.FLOAT)])


def ensemble(rows: Rows, targets: int = 1, double: bool = False, **more: Any) -> bytes:
    """The same trees as TreeEnsemble; a BRANCH_MEMBER has `value` and the two numbers after it."""
    kind = TensorProto.DOUBLE if double else TensorProto.FLOAT
    nodes = rows.nodes
    keys = list(zip(nodes["treeids"], nodes["nodeids"], strict=True))
    inner = [i for i, mode in enumerate(nodes["modes"]) if mode != "LEAF"]
    branch = {keys[i]: place for place, i in enumerate(inner)}
    leaf = {(tree, node): place for place, (tree, node, _, _) in enumerate(rows.votes)}

    def children(name: str) -> tuple[list[int], list[int]]:
        there = [(nodes["treeids"][i], nodes[name][i]) for i in inner]
        return [leaf.get(key, branch.get(key, 0)) for key in there], [
            int(key in leaf) for key in there
        ]

    members: list[float] = []
    for i in inner:
        if nodes["modes"][i] == "BRANCH_MEMBER":
            members += [abs(round(nodes["values"][i])) + k for k in range(3)] + [np.nan]
    true_ids, true_leafs = children("truenodeids")
    false_ids, false_leafs = children("falsenodeids")
    made: dict[str, Any] = {
        "n_targets": targets,
        "tree_roots": [branch[key] for key in branch if key[1] == 0],
        "nodes_featureids": [nodes["featureids"][i] for i in inner],
        "nodes_modes": tensor(
            "modes", [ALL_MODES.index(nodes["modes"][i]) for i in inner], TensorProto.UINT8
        ),
        "nodes_splits": tensor("splits", [nodes["values"][i] for i in inner], kind),
        "nodes_truenodeids": true_ids,
        "nodes_trueleafs": true_leafs,
        "nodes_falsenodeids": false_ids,
        "nodes_falseleafs": false_leafs,
        "nodes_missing_value_tracks_true": [nodes["missing_value_tracks_true"][i] for i in inner],
        "leaf_targetids": [vote[2] for vote in rows.votes],
        "leaf_weights": tensor("weights", [vote[3] for vote in rows.votes], kind),
        **more,
    }
    if members:
        made["membership_values"] = tensor("members", members, kind)
    node = helper.make_node("TreeEnsemble", ["X"], ["Y"], domain="ai.onnx.ml", **made)
    return graph([node], kind, [("Y", kind)], version=5)
