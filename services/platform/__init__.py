"""What any service of this kind needs: settings, clock, keys, logs, metrics, the guarded network, languages."""
