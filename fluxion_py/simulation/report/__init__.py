"""Schedules for people and programs: one HTML page, SVG, CSV, JSON."""
