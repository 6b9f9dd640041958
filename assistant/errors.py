"""The assistant's branch of the one exception tree (its root is retrieval.errors).

SightlineError
├── SettingsInvalid        a setting is unknown or out of range
├── QuestionRejected       a question that cannot be asked
│   ├── QuestionEmpty, QuestionTooLong, NothingHeard
├── ModelError             a chat model failed
│   ├── ModelUnavailable, ModelTooLarge, ModelBusy, ReadingTooSlow, ContextTooLong, EndpointFailed
├── ConversationNotFound, ConversationBusy, RunNotFound
├── AssetNotFound, JobNotFound
├── PersonUnknown, FaceUnknown, PeopleOff   groups of faces
├── CaseUnknown, MessageUnknown   a case or an answer to make one of
├── AnswerCancelled
├── ToolFailed             a step of the assistant failed
│   └── ToolArgumentsInvalid
├── PortTaken              the page cannot be served there
└── TuningError            data or a run of fine-tuning
    ├── DataInvalid, DataImageBad, DataLeaks, DataTooSmall, DataChanged
    ├── RunNotPrepared, RunBusy, TuningUsage
    ├── CheckpointMismatch, CheckpointDamaged
    ├── TrainingTooLarge
    └── VersionNotFound
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


class ModelBusy(ModelError):
    """More questions are waiting for a model than it may keep."""

    code = "model_busy"
    template = "The model {model} has {waiting} questions waiting already. Try again shortly."


class ReadingTooSlow(ModelError):
    """The time of an answer was up before the evidence was read."""

    code = "reading_too_slow"
    template = (
        "The model {model} could not read what was found within {seconds} s. "
        "Ask again when the machine is less busy, or about one file by its name."
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


class RunNotFound(SightlineError):
    """No such run, or it ended long ago."""

    code = "run_not_found"
    template = "The answer {run} is no longer running. Open the conversation to read it."


class PersonUnknown(SightlineError):
    """No such group of faces in the library."""

    code = "person_unknown"
    template = "There is no person {person} in this library."


class FaceUnknown(SightlineError):
    """No such face in the library."""

    code = "face_unknown"
    template = "There is no face {face} in this library."


class PeopleOff(SightlineError):
    """Faces are not grouped in this library."""

    code = "people_off"
    template = (
        "Faces are not grouped in this library. Turn it on on the People page, "
        "or with `sightline people on`."
    )


class AssetNotFound(SightlineError):
    """No such file in the library."""

    code = "asset_not_found"
    template = "There is no file {asset} in this library."


class CaseUnknown(SightlineError):
    """No own case with that id."""

    code = "case_unknown"
    template = "There is no case {case}. See `sightline eval cases`."


class MessageUnknown(SightlineError):
    """No answer with that id, or one to no written question."""

    code = "message_unknown"
    template = (
        "There is no answer {message} to a written question. See `sightline eval add` for the "
        "answers that were marked as bad."
    )


class JobNotFound(SightlineError):
    """No such job of taking files in."""

    code = "job_not_found"
    template = "There is no job {job} in this library. `sightline jobs list` shows them."


class AnswerCancelled(SightlineError):
    """The user stopped the answer."""

    code = "answer_cancelled"
    template = "Stopped. What was written so far is kept."


class PortTaken(SightlineError):
    """Another program listens where the page should."""

    code = "port_taken"
    template = (
        "Port {port} of {host} is in use. Stop the program that listens there, or choose another "
        "port with `--port`."
    )


class ToolFailed(SightlineError):
    """A step of the assistant failed; the answer goes on without it."""

    code = "tool_failed"
    template = "The step {tool} failed: {detail}."


class ToolArgumentsInvalid(ToolFailed):
    """A model asked for a step with arguments that make no sense."""

    code = "tool_arguments_invalid"
    template = "The step {tool} was asked for wrongly: {detail}."


class TuningError(SightlineError):
    """Data or a run of fine-tuning that cannot be used."""

    code = "tuning"
    template = "{detail}"


class DataInvalid(TuningError):
    """A row or file of training data is wrong."""

    code = "data_invalid"
    template = "{path}, line {line}: {detail}. Correct the file and run `sightline tune prepare`."


class DataImageBad(TuningError):
    """A photo of the training data is missing or corrupt."""

    code = "data_image_bad"
    template = (
        "The photo {image} of {path} cannot be used: {detail}. Replace it, or remove its rows."
    )


class DataLeaks(TuningError):
    """The same photo is in two splits."""

    code = "data_leaks"
    template = (
        "{count} photos are in both {first} and {second} (the first is {image}). "
        "A model measured on photos it has learned would look better than it is: "
        "remove them from one."
    )


class DataTooSmall(TuningError):
    """Too few photos to learn from."""

    code = "data_too_small"
    template = (
        "There are {count} photos to learn from, at least {least} are needed. "
        "Add photos with captions or questions."
    )


class DataChanged(TuningError):
    """The data is no longer what was prepared."""

    code = "data_changed"
    template = "{path} has changed since it was prepared. Run `sightline tune prepare` again."


class RunNotPrepared(TuningError):
    """There is no prepared run of this name."""

    code = "run_not_prepared"
    template = "The run {run} is not prepared. Run `sightline tune prepare` first."


class RunBusy(TuningError):
    """Another process works on this run."""

    code = "run_busy"
    template = "The run {run} is being worked on already. Wait for it, or stop it first."


class TuningUsage(TuningError):
    """Something was asked for that this kind of training does not know."""

    code = "tuning_usage"
    template = "{detail}"


class TrainingTooLarge(TuningError):
    """Training needs more memory than there is."""

    code = "training_too_large"
    template = (
        "The memory is not enough for this training ({detail}). Nothing was applied. "
        "Choose a smaller batch, a smaller model or `--quantization nf4`, and run it again."
    )


class CheckpointMismatch(TuningError):
    """A run folder belongs to a run with other settings."""

    code = "checkpoint_mismatch"
    template = (
        "The run in {path} was made with other settings ({detail}). "
        "Give the same settings to go on, or another folder to start anew."
    )


class CheckpointDamaged(TuningError):
    """A checkpoint cannot be read."""

    code = "checkpoint_damaged"
    template = "The checkpoint {path} cannot be read: {detail}. Remove it to start anew."


class VersionNotFound(TuningError):
    """No such tuned version."""

    code = "version_not_found"
    template = "There is no version {version} of {name}. See `sightline tune list`."
