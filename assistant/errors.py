"""The assistant's branch of the one exception tree (its root is retrieval.errors).

SightlineError
├── SettingsInvalid        a setting is unknown or out of range
├── QuestionRejected       a question that cannot be asked
│   ├── QuestionEmpty, QuestionTooLong, NothingHeard
├── ModelError             a chat model failed
│   ├── ModelUnavailable, ModelTooLarge, ContextTooLong, EndpointFailed
├── ConversationNotFound, ConversationBusy
├── AssetNotFound
├── AnswerCancelled
└── TuningError            data or a run of fine-tuning
"""

from __future__ import annotations

from retrieval.errors import SightlineError


class SettingsInvalid(SightlineError):
    """A setting is unknown or out of range."""

    code = "settings_invalid"
    template = "The setting {key} cannot be used: {detail}."


class QuestionRejected(SightlineError):
    """A question that cannot be asked."""

    code = "question_rejected"
    template = "The question cannot be answered: {detail}."


class QuestionEmpty(QuestionRejected):
    """Nothing was asked."""

    code = "question_empty"
    template = "Please type or say a question."


class QuestionTooLong(QuestionRejected):
    """More characters than the model can read."""

    code = "question_too_long"
    template = (
        "The question has {size} characters, the limit is {limit}. "
        "Shorten it, or upload long text as a file and ask about that."
    )


class NothingHeard(QuestionRejected):
    """A spoken question without speech in it."""

    code = "nothing_heard"
    template = "No speech was heard in {name}. Record the question again, closer to the microphone."


class ModelError(SightlineError):
    """A chat model failed."""

    code = "model"
    template = "The model {model} failed: {detail}."


class ModelUnavailable(ModelError):
    """A model that was asked for is not on this machine."""

    code = "model_unavailable"
    template = "The model {model} is not available: {detail}. See `sightline models list`."


class ModelTooLarge(ModelError):
    """Loading would need more memory than is free."""

    code = "model_too_large"
    template = (
        "The model {model} needs about {needed} of memory, {free} are free. "
        "Choose a smaller one or another quantization."
    )


class ContextTooLong(ModelError):
    """A prompt longer than the model's context."""

    code = "context_too_long"
    template = "The text has {tokens} tokens, the model {model} reads {limit}. Ask about less."


class EndpointFailed(ModelError):
    """A served endpoint is down, slow, or broke off."""

    code = "endpoint_failed"
    template = "The model server {endpoint} did not answer: {detail}. Check that it is running."


class ConversationNotFound(SightlineError):
    """No such conversation."""

    code = "conversation_not_found"
    template = "There is no conversation {conversation}."


class ConversationBusy(SightlineError):
    """A second question while the first is being answered."""

    code = "conversation_busy"
    template = "This conversation is still answering. Wait for it, or stop it first."


class AssetNotFound(SightlineError):
    """No such file in the library."""

    code = "asset_not_found"
    template = "There is no file {asset} in this library."


class AnswerCancelled(SightlineError):
    """The user stopped the answer."""

    code = "answer_cancelled"
    template = "Stopped. What was written so far is kept."


class TuningError(SightlineError):
    """Data or a run of fine-tuning that cannot be used."""

    code = "tuning"
    template = "{detail}"
