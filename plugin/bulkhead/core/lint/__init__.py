"""
``lint``: what an expert would find in the policies of a cluster.

Each check is a pure function from a :class:`~bulkhead.core.lint.context.LintContext` to findings, declared
once with its id, its severity, why it matters, an example and a fix.
"""
