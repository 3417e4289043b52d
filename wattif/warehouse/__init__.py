"""What lies behind the lake: tables, and the checks that run on them."""
