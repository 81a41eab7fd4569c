"""Decisions about models, with three answers: yes, no, not yet known."""

from kedge.decide.arms import ABTest, Arm, ArmsDecision, Canary, split
from kedge.decide.decision import Decision
from kedge.decide.policy import Policy
from kedge.decide.shadow import Shadow

__all__ = ["ABTest", "Arm", "ArmsDecision", "Canary", "Decision", "Policy", "Shadow", "split"]
