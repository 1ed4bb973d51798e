"""The embedded sample: ten small splits in the benchmark's schema, with mild stand-ins for harm."""
