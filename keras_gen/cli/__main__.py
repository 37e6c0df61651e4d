"""The `keras-gen` command as `python -m keras_gen.cli`."""

from keras_gen.cli import main

if __name__ == "__main__":
    main()
