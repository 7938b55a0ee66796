using System.Reflection;
using Orleans.Runtime;

namespace Orleans.Storage;

/// <summary>A state that an activation reads when it starts.</summary>
internal interface IStateReader
{
    Task ReadAsync(CancellationToken cancellationToken);
}

/// <summary>Makes the states that a grain's constructor asks for.</summary>
internal abstract class PersistentStateFactory
{
    internal static object Create(Activation activation, IServiceProvider services, ParameterInfo parameter, PersistentStateAttribute attribute)
    {
        var type = parameter.ParameterType;
        if (!type.IsGenericType || type.GetGenericTypeDefinition() != typeof(IPersistentState<>))
            throw new OrleansConfigurationException($"[PersistentState] belongs to an IPersistentState<T>, not to a {type.FullName}.");
        var store = StorageServices.Find(services, attribute.StorageName)
            ?? throw new OrleansConfigurationException(
                $"No storage provider named \"{attribute.StorageName ?? StorageServices.DefaultName}\" found loading grain type {activation.Class.Type.FullName}.");
        var factory = (PersistentStateFactory)System.Activator.CreateInstance(typeof(Typed<>).MakeGenericType(type.GetGenericArguments()))!;
        return factory.Create(activation, store, attribute.StateName);
    }

    protected abstract object Create(Activation activation, IGrainStorage store, string name);

    private sealed class Typed<TState> : PersistentStateFactory
    {
        protected override object Create(Activation activation, IGrainStorage store, string name)
        {
            var state = new PersistentState<TState>(activation, store, name);
            activation.ReadAtStart(state);
            return state;
        }
    }
}
