//! Sampling from logits.
