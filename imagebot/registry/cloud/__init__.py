"""The bot's own login at a cloud, for registries that the bot's file gives an `identity`.

One module per cloud with the same function, `log_in(client, endpoint)`: it turns what the process
is in that cloud into a credential of the registry at `endpoint`, in one or two requests. They go
through `http/` like all others, with its limits. The exchanges are a few lines each; the clouds'
SDKs have their own HTTP, without these limits, and are many times as large as imagebot.
"""
