using System.Buffers.Binary;
using System.Text;

namespace GrainVault.TestKit.Otlp;

/// <summary>The fields of one protobuf message, by number; enough to read what an exporter sends.</summary>
internal sealed class ProtobufFields
{
    private readonly ILookup<int, (ulong Number, byte[] Bytes)> _fields;

    public ProtobufFields(byte[] message) => _fields = Read(message).ToLookup(field => field.Id, field => (field.Number, field.Bytes));

    public IEnumerable<ProtobufFields> Messages(int id) => _fields[id].Select(field => new ProtobufFields(field.Bytes));

    public byte[] Bytes(int id) => _fields[id].Select(field => field.Bytes).FirstOrDefault([]);

    public string Text(int id) => Encoding.UTF8.GetString(Bytes(id));

    public ulong Number(int id) => _fields[id].Select(field => field.Number).FirstOrDefault();

    public bool Has(int id) => _fields[id].Any();

    private static IEnumerable<(int Id, ulong Number, byte[] Bytes)> Read(byte[] message)
    {
        var at = 0;
        while (at < message.Length)
        {
            var header = Varint(message, ref at);
            var id = (int)(header >> 3);
            switch (header & 7)
            {
                case 0:
                    yield return (id, Varint(message, ref at), []);
                    break;
                case 1:
                    yield return (id, BinaryPrimitives.ReadUInt64LittleEndian(message.AsSpan(at)), []);
                    at += 8;
                    break;
                case 2:
                    var length = (int)Varint(message, ref at);
                    yield return (id, 0, message[at..(at + length)]);
                    at += length;
                    break;
                case 5:
                    yield return (id, BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(at)), []);
                    at += 4;
                    break;
                default:
                    throw new InvalidDataException($"wire type {header & 7}");
            }
        }
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = message[at++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
                return value;
        }
    }
}
