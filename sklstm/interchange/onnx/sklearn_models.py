"""Models of scikit-learn with ours among them, by skl2onnx."""

from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline

from .graph import GraphBuilder
from .registry import CLASSES, export_of
from .skl2onnx_calls import converted, import_skl2onnx, tensor_of, type_of

__all__ = ["pipeline_model", "register_converters"]

# Options that skl2onnx asks every classifier for, and what they may be.
_OF_CLASSIFIERS = {
    "zipmap": [True, False, "columns"],
    "output_class_labels": [False, True],
    "nocl": [False],
}


def register_converters() -> None:
    """Teach skl2onnx to convert the estimators and transformers of sklstm.

    Afterwards ``skl2onnx.convert_sklearn`` and ``skl2onnx.to_onnx`` convert pipelines,
    and other models of scikit-learn, with ours in them. Sequences are an input of
    shape ``[None, None, n_features]``; if they are ragged, their lengths are a second
    one, ``Int64TensorType([None])``. :func:`to_onnx` does all of this by itself.

    Raises
    ------
    ImportError
        If skl2onnx is not installed.

    See Also
    --------
    to_onnx : Converts an estimator or a pipeline.

    Examples
    --------
    >>> from sklstm.interchange import register_converters
    >>> register_converters()
    """
    skl2onnx = import_skl2onnx()
    for estimator_class in CLASSES:
        # What parses classifiers knows the option by itself.
        is_labelled = hasattr(estimator_class, "predict_log_proba")
        skl2onnx.update_registered_converter(
            estimator_class, _alias(estimator_class), _set_types, _convert,
            parser=None if is_labelled else _parse,
            options=_OF_CLASSIFIERS if is_labelled else None,
        )  # fmt: skip


def pipeline_model(pipeline, inputs, opset):
    """Return a fitted pipeline as a model.

    Parameters
    ----------
    pipeline : Pipeline
    inputs : list of Tensor
        Of its first step.
    opset : int

    Returns
    -------
    model : onnx.ModelProto
    """
    steps = [step for step in pipeline.steps if step[1] not in (None, "passthrough")]
    last = steps[-1][1]
    options = {id(last): {"zipmap": False}} if is_classifier(last) else None
    register_converters()
    return converted(Pipeline(steps), inputs, opset, options)


# ---- what skl2onnx calls ---------------------------------------------------------


def _alias(estimator_class):
    return f"Sklstm{estimator_class.__name__}"


def _parse(scope, model, inputs, custom_parsers=None):
    """Declare what comes out."""
    operator = scope.declare_local_operator(_alias(type(model)), model)
    operator.inputs = inputs
    for tensor in _outputs(operator, GraphBuilder(_opset(operator)), export_of(model)):
        variable = scope.declare_local_variable(tensor.name, type_of(tensor))
        operator.outputs.append(variable)
    return operator.outputs


def _set_types(operator):
    """Settle the types of what comes out."""
    graph = GraphBuilder(_opset(operator))
    tensors = _outputs(operator, graph, export_of(operator.raw_operator))
    for variable, tensor in zip(operator.outputs, tensors, strict=True):
        variable.type = type_of(tensor)


def _convert(scope, operator, container):
    """Add the nodes."""
    opset = container.target_opset_onnx
    graph = GraphBuilder(opset, scope.get_unique_operator_name("sklstm") + "_")
    tensors = _outputs(operator, graph, export_of(operator.raw_operator))
    graph.add_outputs(tensors, [variable.onnx_name for variable in operator.outputs])
    container.nodes.extend(graph.nodes)
    container.initializers.extend(graph.initializers)
    versions = {"": opset} | graph.domains
    container.node_domain_version_pair_sets.update(versions.items())


def _outputs(operator, graph, export):
    """Outputs of an operator, built into a graph."""
    names = [tensor.name for tensor in export.inputs(ragged=True)]
    given = [tensor_of(variable) for variable in operator.inputs]
    if len(given) > len(names):
        raise ValueError(
            f"{export.estimator_name} reads {names}, but is given {len(given)} inputs."
        )
    return export.outputs(graph, dict(zip(names, given, strict=False)))


def _opset(operator):
    opset = operator.target_opset
    return opset.get("", 21) if isinstance(opset, dict) else opset
