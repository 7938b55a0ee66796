using System.Collections.Concurrent;

namespace Orleans.Serialization;

/// <summary>Copies values by the type that they have at run time.</summary>
internal abstract class ObjectCopier
{
    private static readonly ConcurrentDictionary<Type, ObjectCopier> Copiers = new();

    internal static object Copy(object value)
    {
        var type = value.GetType();
        var copier = Copiers.GetOrAdd(type, static type =>
            (ObjectCopier)Activator.CreateInstance(typeof(Typed<>).MakeGenericType(type), nonPublic: true)!);
        return copier.CopyObject(value);
    }

    protected abstract object CopyObject(object value);

    private sealed class Typed<T> : ObjectCopier
    {
        private readonly Func<T, T> _copy = CopierFactory.Create<T>();

        protected override object CopyObject(object value) => _copy((T)value)!;
    }
}
