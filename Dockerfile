# The portal's image: web, worker and scheduler are the same image with another command.
# No demo extra here: embedded servers and stand-ins' libraries are not installed.
FROM python:3.11-slim-bookworm AS construction
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /srv/portail
RUN python -m venv /srv/venv
COPY requirements.lock ./
RUN /srv/venv/bin/pip install --require-hashes --no-deps --only-binary :all: -r requirements.lock

FROM python:3.11-slim-bookworm
ENV PATH=/srv/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=portal.settings.production \
    VAR_DIR=/srv/var
RUN useradd --system --uid 10001 --home-dir /srv/portail --shell /usr/sbin/nologin portail \
    && install -d -o portail -g portail /srv/var /srv/var/depots /srv/var/imports
WORKDIR /srv/portail
COPY --from=construction /srv/venv /srv/venv
COPY manage.py ./
COPY deploy/healthcheck.py deploy/healthcheck.py
COPY accounts accounts
COPY maillage maillage
COPY portal portal
COPY static static
COPY templates templates
# Collected at build time: these values serve no request and stay in no layer's environment.
RUN SITE_URL=https://construction.invalid ALLOWED_HOSTS=construction.invalid \
    DATABASE_URL=postgresql://construction.invalid/portail REDIS_URL=redis://construction.invalid \
    EMAIL_URL=smtp://construction.invalid SMS_URL=https://construction.invalid \
    SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
    CODE_PEPPER="$(python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
    python manage.py collectstatic --noinput --verbosity 0
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["python", "deploy/healthcheck.py"]
CMD ["gunicorn", "portal.wsgi:application", "--config", "python:portal.serving", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", \
     "--workers", "2", "--threads", "4", "--timeout", "60", "--graceful-timeout", "25", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
