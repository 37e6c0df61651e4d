"""Which networks of a game learn in which phase."""


def learners(model, names):
    """The names of the networks that learn in each phase, by the name of the phase."""
    networks = {name: getattr(model, name).trainable_variables for name in names}
    return {
        phase.name: {
            name
            for name, variables in networks.items()
            if any(v is w for v in phase.variables for w in variables)
        }
        for phase in model.phases()
    }
