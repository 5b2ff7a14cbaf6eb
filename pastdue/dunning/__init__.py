"""What is due: ageing, ladders, decisions. Knows no files, no clock and no letters."""
