"""The fleet's program: takes in every station's journal, shows it live, manages members."""
