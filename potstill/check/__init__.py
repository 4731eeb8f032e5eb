"""What a recipe needs, what its teachers give, and what a run of it would take; nothing is written and nothing is spent."""

from potstill.check.agreement import Part, agree, fit_gathered, fit_servers, parts
from potstill.check.keys import check_keys
from potstill.check.plan import Plan, plan

__all__ = ["Part", "Plan", "agree", "check_keys", "fit_gathered", "fit_servers", "parts", "plan"]
