"""What one pod needs: amounts, and nodes on which it may be."""
