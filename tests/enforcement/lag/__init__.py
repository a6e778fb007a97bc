"""How late a pod is let through, and how long it is not held back: measured, as a table and as a drawing."""
