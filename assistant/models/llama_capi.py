"""The llama.cpp C API, called through cffi in the library file that xllamacpp brings.

Only the structs and functions this project uses are declared. C structs carry no version, so the
layout is proven before the first model is loaded: the library's own default parameters are read
through these declarations and must show their known values. Its log goes to Python's logging.

Knows nothing of chats, prompts or caches.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from assistant.errors import ModelUnavailable

PACKAGE = "xllamacpp"
PINNED = "2026.10.11549"

_DECLARATIONS = """
struct llama_model_params {
    void *devices;
    const void *tensor_buft_overrides;
    int32_t n_gpu_layers;
    int32_t split_mode;
    int32_t load_mode;
    int32_t lazy_mode;
    int32_t main_gpu;
    const float *tensor_split;
    void *progress_callback;
    void *progress_callback_user_data;
    const void *kv_overrides;
    bool vocab_only;
    bool check_tensors;
    bool use_extra_bufts;
    bool no_host;
    bool no_alloc;
    bool load_mtp;
};
struct llama_context_params {
    uint32_t n_ctx;
    uint32_t n_batch;
    uint32_t n_ubatch;
    uint32_t n_seq_max;
    uint32_t n_rs_seq;
    uint32_t n_outputs_max;
    uint32_t n_outputs_max_per_seq;
    int32_t n_threads;
    int32_t n_threads_batch;
    int32_t ctx_type;
    int32_t rope_scaling_type;
    int32_t pooling_type;
    int32_t attention_type;
    int32_t flash_attn_type;
    float rope_freq_base;
    float rope_freq_scale;
    float yarn_ext_factor;
    float yarn_attn_factor;
    float yarn_beta_fast;
    float yarn_beta_slow;
    uint32_t yarn_orig_ctx;
    float defrag_thold;
    void *cb_eval;
    void *cb_eval_user_data;
    int32_t type_k;
    int32_t type_v;
    void *callbacks[3];
    bool embeddings;
    bool offload_kqv;
    bool no_perf;
    bool op_offload;
    bool swa_full;
    bool kv_unified;
    void *samplers;
    size_t n_samplers;
    void *ctx_other;
};
struct llama_batch {
    int32_t n_tokens;
    int32_t *token;
    float *embd;
    int32_t *pos;
    int32_t *n_seq_id;
    int32_t **seq_id;
    int8_t *logits;
};
struct llama_token_data { int32_t id; float logit; float p; };
struct llama_token_data_array {
    struct llama_token_data *data;
    size_t size;
    int64_t selected;
    bool sorted;
};
struct llama_chat_message { const char *role; const char *content; };

void llama_backend_init(void);
void llama_log_set(void (*callback)(int level, const char *text, void *data), void *data);
struct llama_model_params llama_model_default_params(void);
struct llama_context_params llama_context_default_params(void);
void *llama_model_load_from_file(const char *path, struct llama_model_params params);
void llama_model_free(void *model);
void *llama_init_from_model(void *model, struct llama_context_params params);
void llama_free(void *context);
const void *llama_model_get_vocab(const void *model);
const char *llama_model_chat_template(const void *model, const char *name);
int32_t llama_model_n_embd(const void *model);
int32_t llama_model_n_layer(const void *model);
int32_t llama_model_n_head(const void *model);
int32_t llama_model_n_head_kv(const void *model);
int32_t llama_model_n_ctx_train(const void *model);
uint32_t llama_n_ctx_seq(const void *context);
void llama_set_abort_callback(void *context, void *callback, void *data);
void llama_set_n_threads(void *context, int32_t threads, int32_t threads_batch);
int32_t llama_vocab_n_tokens(const void *vocab);
int32_t llama_vocab_bos(const void *vocab);
int32_t llama_vocab_eot(const void *vocab);
int32_t llama_vocab_eos(const void *vocab);
bool llama_vocab_get_add_bos(const void *vocab);
bool llama_vocab_is_eog(const void *vocab, int32_t token);
int32_t llama_tokenize(const void *vocab, const char *text, int32_t length, int32_t *tokens,
                       int32_t capacity, bool add_special, bool parse_special);
int32_t llama_token_to_piece(const void *vocab, int32_t token, char *buffer, int32_t length,
                             int32_t lstrip, bool special);
int32_t llama_chat_apply_template(const char *name, const struct llama_chat_message *chat,
                                  size_t count, bool assistant, char *buffer, int32_t length);
int32_t llama_decode(void *context, struct llama_batch batch);
float *llama_get_logits_ith(void *context, int32_t index);
void *llama_get_memory(const void *context);
void llama_memory_clear(void *memory, bool data);
bool llama_memory_seq_rm(void *memory, int32_t sequence, int32_t first, int32_t last);
size_t llama_state_seq_get_size(void *context, int32_t sequence);
size_t llama_state_seq_get_data(void *context, uint8_t *data, size_t size, int32_t sequence);
size_t llama_state_seq_set_data(void *context, const uint8_t *data, size_t size,
                                int32_t sequence);
void *llama_adapter_lora_init(void *model, const char *path);
void llama_adapter_lora_free(void *adapter);
int32_t llama_set_adapters_lora(void *context, void **adapters, size_t count, float *scales);
void *llama_sampler_init_grammar(const void *vocab, const char *text, const char *root);
void llama_sampler_apply(void *sampler, struct llama_token_data_array *candidates);
void llama_sampler_accept(void *sampler, int32_t token);
void llama_sampler_free(void *sampler);
"""

_LIBC = "size_t strlen(const char *text);"

_MODEL_DEFAULTS = {
    "n_gpu_layers": -1,
    "split_mode": 1,
    "load_mode": -1,
    "lazy_mode": 1,
    "main_gpu": 0,
    "vocab_only": False,
    "check_tensors": False,
    "use_extra_bufts": True,
    "no_host": False,
    "no_alloc": False,
    "load_mtp": False,
}
_CONTEXT_DEFAULTS = {
    "n_ctx": 512,
    "n_batch": 2048,
    "n_ubatch": 512,
    "n_seq_max": 1,
    "n_rs_seq": 0,
    "n_outputs_max": 0,
    "n_outputs_max_per_seq": 1,
    "n_threads": 4,
    "n_threads_batch": 4,
    "rope_scaling_type": -1,
    "pooling_type": -1,
    "attention_type": -1,
    "flash_attn_type": -1,
    "yarn_ext_factor": -1.0,
    "yarn_beta_slow": -1.0,
    "defrag_thold": -1.0,
    "type_k": 1,
    "type_v": 1,
    "embeddings": False,
    "offload_kqv": True,
    "no_perf": True,
    "op_offload": True,
    "swa_full": True,
    "kv_unified": False,
    "n_samplers": 0,
}
_LEVELS = {3: logging.INFO, 4: logging.ERROR}  # the rest, thousands of lines, is for debugging

_log = logging.getLogger(__name__)
_lock = threading.Lock()
_opened: list[Llama] = []


@dataclass(frozen=True)
class Llama:
    """The opened library: ``ffi`` makes C values, ``lib`` holds the functions.

    ``non_empty`` is a C function that tells whether a C string is non-empty. As an abort callback
    it lets a computation look at a flag hundreds of times a second without the interpreter's lock.
    """

    ffi: Any
    lib: Any
    non_empty: Any
    keep: tuple[Any, ...]


def open_llama() -> Llama:
    """Open the library once a process, check it, and return it.

    Raises:
        ModelUnavailable: xllamacpp is missing, or its structs are not the ones declared here.
    """
    with _lock:
        if not _opened:
            _opened.append(_open(_library_file()))
        return _opened[0]


def _library_file() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelUnavailable(
            model="llama.cpp", detail=f"the package {PACKAGE}=={PINNED} is not installed"
        )
    files = sorted(Path(spec.submodule_search_locations[0]).glob(f"{PACKAGE}*.so"))
    if not files:
        raise ModelUnavailable(model="llama.cpp", detail=f"{PACKAGE} carries no library file here")
    return files[0]


def _open(path: Path) -> Llama:
    from cffi import FFI

    ffi = FFI()
    ffi.cdef(_DECLARATIONS + _LIBC)
    try:
        lib = ffi.dlopen(str(path))
        check_defaults("llama_model_params", lib.llama_model_default_params(), _MODEL_DEFAULTS)
        check_defaults(
            "llama_context_params", lib.llama_context_default_params(), _CONTEXT_DEFAULTS
        )
    except (OSError, AttributeError) as error:
        raise ModelUnavailable(model="llama.cpp", detail=f"{path}: {error}") from error

    @ffi.callback("void(int, const char *, void *)")  # type: ignore[untyped-decorator]
    def log(level: int, text: Any, _data: Any) -> None:
        line = ffi.string(text).decode("utf-8", "replace").rstrip()
        if line and _log.isEnabledFor(_LEVELS.get(level, logging.DEBUG)):
            _log.log(_LEVELS.get(level, logging.DEBUG), line)

    lib.llama_log_set(log, ffi.NULL)
    lib.llama_backend_init()
    libc = ffi.dlopen(None)
    return Llama(ffi, lib, ffi.cast("void *", ffi.addressof(libc, "strlen")), (log, libc))


def check_defaults(struct: str, found: Any, wanted: dict[str, Any]) -> None:
    """Refuse a library whose default parameters do not read as they must.

    Raises:
        ModelUnavailable: a field has another value, so the layout of the struct is another one.
    """
    wrong = [
        f"{name}={getattr(found, name)} instead of {value}"
        for name, value in wanted.items()
        if getattr(found, name) != value
    ]
    if wrong:
        try:
            have = version(PACKAGE)
        except PackageNotFoundError:
            have = "of unknown version"
        raise ModelUnavailable(
            model="llama.cpp",
            detail=f"{PACKAGE} {have} lays out {struct} differently ({wrong[0]}); "
            f"install {PACKAGE}=={PINNED}",
        )
