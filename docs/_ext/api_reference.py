"""The API reference as data: every public name, in the order in which it is shown.

Each public module has a title, a sentence, and sections of names. A name that is
missing here is found by ``tests/test_api_reference.py``.
"""

REFERENCE = {
    "sklstm": {
        "title": "Estimators and sequences",
        "about": "What most programs import.",
        "sections": {
            "A sequence in, one answer out": [
                "LSTMClassifier",
                "LSTMRegressor",
                "SequenceTransformer",
            ],
            "Sequences out": [
                "LSTMTagger",
                "LSTMTranscriber",
                "LSTMSeq2Seq",
                "LSTMLanguageModel",
                "LSTMForecaster",
            ],
            "Sequences in": ["Sequences", "TimestepTransformer"],
            "For bug reports": ["show_versions"],
        },
    },
    "sklstm.sequences": {
        "title": "sklstm.sequences: layouts, windows, transformers",
        "about": "From the data you have to sequences, and steps for pipelines.",
        "sections": {
            "Data frames": ["from_labelled_frame", "from_long_frame", "to_long_frame"],
            "Panels": ["from_panel", "to_panel"],
            "Windows": ["sliding_windows"],
            "Steps of a pipeline": ["FrameStacker", "SequenceScaler"],
            "For authors of estimators": [
                "check_sequences",
                "check_targets",
                "restore_layout",
                "validate_sequences",
            ],
        },
    },
    "sklstm.metrics": {
        "title": "sklstm.metrics: scores of sequences",
        "about": "Functions of true and predicted labels, and scorers for `scoring=`.",
        "sections": {
            "Scores": [
                "token_accuracy",
                "sequence_accuracy",
                "span_f1",
                "span_report",
                "extract_spans",
                "label_error_rate",
                "bleu",
            ],
            "Scorers": [
                "token_accuracy_scorer",
                "sequence_accuracy_scorer",
                "span_f1_scorer",
                "neg_label_error_rate_scorer",
                "bleu_scorer",
            ],
        },
    },
    "sklstm.datasets": {
        "title": "sklstm.datasets: data to try things on",
        "about": "Small real data of the package, public data, and test problems.",
        "sections": {
            "Real data": ["load_japanese_vowels"],
            "Public data, downloaded once": [
                "fetch_etth1",
                "fetch_jsb_chorales",
                "fetch_multi30k",
                "fetch_pendigits",
                "fetch_snips",
                "fetch_tinyshakespeare",
                "fetch_ud_english_ewt",
                "get_data_home",
                "clear_data_home",
            ],
            "Problems with long time lags": [
                "make_adding",
                "make_multiplication",
                "make_temporal_order",
                "make_two_sequences",
                "make_copy_memory",
                "make_reber",
                "reber_next_symbols",
            ],
        },
    },
    "sklstm.inspection": {
        "title": "sklstm.inspection: explanations, diagnosis, pictures",
        "about": "Why a network says what it says, how it learns, and what goes wrong.",
        "sections": {
            "Explanations": [
                "permutation_importance",
                "input_gradients",
                "integrated_gradients",
                "occlusion",
            ],
            "Diagnosis": ["diagnose", "gate_traces", "hidden_gradient_norms"],
            "Displays": [
                "TrainingCurveDisplay",
                "GateActivityDisplay",
                "GradientFlowDisplay",
                "AttributionDisplay",
                "PermutationImportanceDisplay",
                "AttentionDisplay",
                "TranscriptionDisplay",
                "ForecastDisplay",
            ],
        },
    },
    "sklstm.callbacks": {
        "title": "sklstm.callbacks: while a model is fitted",
        "about": "For `set_callbacks`, beside those of scikit-learn.",
        "sections": {"Callbacks": ["Checkpoint"], "Scorers": ["recorded_scores"]},
    },
    "sklstm.persistence": {
        "title": "sklstm.persistence: models in files",
        "about": "What skops may build when it reads a model.",
        "sections": {"skops": ["skops_trusted_types"]},
    },
    "sklstm.decoding": {
        "title": "sklstm.decoding: from outputs to sequences",
        "about": "Searches and draws behind the estimators, on integer codes.",
        "sections": {
            "Labels without times (CTC)": ["best_path", "prefix_beam_search", "align"],
            "Symbols, one after the other": [
                "beam_search",
                "Hypothesis",
                "draw_symbols",
                "draw_binary",
            ],
            "Distances": ["edit_distance"],
        },
    },
    "sklstm.interchange": {
        "title": "sklstm.interchange: models and weights of other libraries",
        "about": "Whole models as ONNX graphs; weights of PyTorch, Keras and ONNX.",
        "sections": {
            "Whole models as ONNX graphs": [
                "to_onnx",
                "EncoderDecoder",
                "onnx_inputs",
                "pad",
                "register_converters",
            ],
            "Weights": ["RecurrentWeights", "get_weights", "set_weights"],
            "Weights of other libraries": [
                "from_torch",
                "to_torch",
                "from_keras",
                "to_keras",
                "from_onnx_weights",
                "to_onnx_weights",
            ],
            "Files": ["load_safetensors", "save_safetensors"],
        },
    },
    # Two names from inside that users meet; the rest of these rooms may change.
    "sklstm.training": {
        "title": "Errors of training",
        "about": "What `fit` raises when a run leaves the finite numbers.",
        "sections": {"Errors": ["TrainingDivergedError"]},
    },
    "sklstm.network": {
        "title": "States of streams",
        "about": "What `initial_state` and `step` return.",
        "sections": {"States": ["StreamState"]},
    },
}


def full_names():
    """Every name of the reference with its module, in order."""
    return [
        f"{module}.{name}"
        for module, page in REFERENCE.items()
        for names in page["sections"].values()
        for name in names
    ]


def public_names():
    """From what may stand in a text, short or long, to the full name."""
    targets = {}
    for full in full_names():
        name = full.rpartition(".")[2]
        for written in (full, name, f"{name}()", f"{full}()"):
            targets.setdefault(written, full)
    return targets
