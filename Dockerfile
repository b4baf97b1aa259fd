# One image for web, pushers and market: compose.yaml says which command each runs. DEPLOY.md explains.
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
COPY requirements.txt ./
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check -r requirements.txt

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 VAR_DIR=/app/var
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin trading
WORKDIR /app
COPY --from=build /venv /venv
COPY manage.py ./
COPY locale ./locale
COPY pushers ./pushers
COPY consumers ./consumers
COPY trading ./trading
COPY tradingsite ./tradingsite
# The key is for this one command: collecting static files signs nothing.
RUN SECRET_KEY=only-to-collect-static-files ALLOWED_HOSTS=localhost python manage.py collectstatic --noinput \
    && chown -R trading /app/var
USER trading
EXPOSE 8000
# Alive, not ready: an orchestrator that restarts what is not ready would restart all while the database is away.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:8000/healthz', headers={'Host': os.environ['ALLOWED_HOSTS'].split(',')[0]}), timeout=2)"]
CMD ["python", "manage.py", "runweb", "--host", "0.0.0.0", "--port", "8000"]
