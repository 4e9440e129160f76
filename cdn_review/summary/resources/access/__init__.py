"""Who is let in: by a signature, by a bucket's rules, by a web ACL."""
