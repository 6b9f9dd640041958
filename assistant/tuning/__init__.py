"""Fine-tuning: data, building, training, evaluation, application."""
