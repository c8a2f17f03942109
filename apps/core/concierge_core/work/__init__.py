"""Work that may wait: notifications, roll-ups, retention. One Celery application; tasks live with the app they serve.

The database is the truth: a task is an outbox entry until it is done. The web process's relay sends open entries to
the broker (`sender`), the worker does them on one event loop (`worker`, `running`), and an entry that was sent but not
done in time is sent again. So neither a killed worker nor an emptied broker loses work, and every task must bear being
done twice. Nothing here imports Celery at package level: web processes stay light.
"""
