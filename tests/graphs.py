"""What TensorFlow makes of a step: its graphs after their optimization."""

import collections
import itertools

import tensorflow as tf
from tensorflow.python.eager import context

WRITES = {"AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp"}


_SCOPE = "step_of_this_test"


def traced_step(model):
    """The training step of a model as a function of its batch, traced once."""

    @tf.function(autograph=False)
    def step(batch):
        with tf.name_scope(_SCOPE):
            return model.train_step(batch)

    return step


def optimized_graphs(step, batch):
    """Graphs of a step as they run, `tf.compat.v1.GraphDef`s, and what it returned.

    Args:
        step: What `traced_step()` returned, not called yet.
        batch: Its argument.
    """
    context.context().enable_run_metadata()
    try:
        returned = step(batch)
        metadata = context.context().export_run_metadata()
    finally:
        context.context().disable_run_metadata()
    # What other functions of the process have left there stays out.
    graphs = [graph.post_optimization_graph for graph in metadata.function_graphs]
    graphs = [g for g in graphs if any(f"{_SCOPE}/" in node.name for node in g.node)]
    return graphs, returned


def accesses(graph):
    """Names of the nodes that read or write a variable, a list for each one written.

    Args:
        graph: `tf.compat.v1.GraphDef`.
    """
    nodes = {node.name: node for node in graph.node}
    found = collections.defaultdict(list)
    for name, node in nodes.items():
        if node.op in WRITES | {"ReadVariableOp"}:
            variable = _source(node.input[0])
            while nodes[variable].op == "Identity":
                variable = _source(nodes[variable].input[0])
            found[variable].append(name)
    writes = {name for name in nodes if nodes[name].op in WRITES}
    return [names for names in found.values() if writes.intersection(names)]


def races(graph):
    """Pairs of a write and another access of its variable which have no order.

    Args:
        graph: `tf.compat.v1.GraphDef`.

    Returns:
        List of pairs of names of nodes.
    """
    inputs = {node.name: [_source(i) for i in node.input] for node in graph.node}
    writes = {node.name for node in graph.node if node.op in WRITES}
    found = []
    for names in accesses(graph):
        before = {name: _ancestors(name, inputs) for name in names}
        for a, b in itertools.combinations(names, 2):
            if writes & {a, b} and a not in before[b] and b not in before[a]:
                found.append((a, b))
    return found


def sums_by_chance(graph):
    """Sums of three or more terms whose order may change.

    The operation exchanges its first term for the first one that it may overwrite,
    since nobody else needs it any more. So the order is certain if nobody else needs
    the first or the second term.

    Args:
        graph: `tf.compat.v1.GraphDef`.

    Returns:
        List of names of nodes.
    """
    uses = collections.Counter(
        _source(name) for node in graph.node for name in node.input if name[0] != "^"
    )
    return [
        node.name
        for node in graph.node
        if node.op == "AddN"
        and node.attr["N"].i > 2
        and all(uses[_source(name)] > 1 for name in node.input[:2])
    ]


def _source(tensor):
    return tensor.removeprefix("^").split(":")[0]


def _ancestors(name, inputs):
    found, left = set(), list(inputs[name])
    while left:
        node = left.pop()
        if node not in found:
            found.add(node)
            left += inputs[node]
    return found
