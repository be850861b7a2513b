"""Watches what production answers: alarms, and how they reach people."""
