"""What a site lacks, found before its people find it: each check says what it saw, what that means and what to do."""
