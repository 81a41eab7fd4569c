"""Firmware for Cortex-M: compiled with zig, and run on an emulated core."""
