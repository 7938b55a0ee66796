using GrainVault.Storage;

namespace GrainVault.Silo.Health;

/// <summary>Asks the object store for its marker; that there is none yet is an answer too.</summary>
internal sealed class ObjectStoreProbe(IObjectStore store) : IHealthProbe
{
    public string Name => "objects";

    public async Task<string?> FindFaultAsync(CancellationToken cancellationToken)
    {
        try
        {
            await store.FindAsync(ObjectKeys.Marker, cancellationToken);
            return null;
        }
        catch (ObjectStoreException exception)
        {
            return $"{exception.Error}: {exception.Message.ReplaceLineEndings(" ")}";
        }
    }
}
