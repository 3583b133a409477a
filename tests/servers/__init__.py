"""Listings of real servers: web servers, package indexes and a store, on loopback."""
