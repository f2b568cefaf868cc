"""What several tests share: small files of every kind, and hands to use a window with."""
