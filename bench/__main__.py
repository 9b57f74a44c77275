import sys

from bench import auth, auth_times, run, scale

if sys.argv[1:2] == ["scale"]:
    scale.main(sys.argv[2:], prog_name="python -m bench scale")
elif sys.argv[1:2] == ["auth"]:
    auth.main(sys.argv[2:], prog_name="python -m bench auth")
elif sys.argv[1:2] == ["auth-times"]:
    auth_times.main(sys.argv[2:], prog_name="python -m bench auth-times")
else:
    run.main()
