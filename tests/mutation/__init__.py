"""The rules of sending and retrying, broken on purpose one by one: the tests have to notice each."""
