"""Asking servers: one client with an adaptive limit, retries and budgets; a dialect for each kind of server."""
